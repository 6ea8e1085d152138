// Owns: the rules of helix.model_aliases: finding the first that matches a name. Used within operations/ only. Raises
// PostgreSQL errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helix::operations {

struct ModelAlias {
    std::string pattern;  // for the whole name, whatever its case
    std::string provider; // empty: says nothing of it
    std::string model;    // the new name, with \1; empty: the name stays
};

// The rules in the order in which they are tried.
class ModelAliases {
  public:
    void clear() noexcept { aliases_.clear(); }
    void add(std::string_view pattern, std::string_view provider, std::string_view model);

    struct Rewritten {
        std::string name;
        std::string_view provider; // empty: the rule says nothing of it
    };
    // By the first rule with a model that matches; none where none does.
    std::optional<Rewritten> rewrite(std::string_view name) const;

    // By the first rule without a model that matches; empty where none does.
    std::string_view seller_of(std::string_view name) const;

  private:
    const ModelAlias* first_match(std::string_view name, bool with_model) const;

    std::vector<ModelAlias> aliases_;
};

} // namespace helix::operations
