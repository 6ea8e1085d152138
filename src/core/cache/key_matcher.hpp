// Owns: many patterns at once, matched against many keys. Users, and patterns that are a prefix and a star, cost one
// lookup for each colon of the key, however many there are. Anyone may use it.
#pragma once

#include "core/glob.hpp"
#include "core/text_set.hpp"

#include <string>
#include <string_view>

namespace helix {

class KeyMatcher {
  public:
    void add_pattern(std::string_view pattern);
    void add_user(std::string_view user); // every key with this uuid (lower case) as a segment
    void add_all() { all_ = true; }

    // Keeps `most` of the patterns that are matched one by one, and moves the others to the matcher that it returns.
    KeyMatcher split_off(std::size_t most);

    // Forgets each prefix whose keys are all named by a prefix of `wider` as well.
    void remove_prefixes_in(const KeyMatcher& wider);

    bool empty() const { return !all_ && prefixes_.empty() && users_.empty() && others_.empty(); }
    bool all() const { return all_; }
    std::size_t size() const { return prefixes_.size() + users_.size() + others_.size(); }
    std::size_t prefixes() const { return prefixes_.size(); }
    bool matches(std::string_view key) const;

  private:
    bool covers_prefix(std::string_view prefix) const;

    bool all_ = false;
    TextSet prefixes_; // of patterns "a:b:*": they end in a colon
    TextSet users_;
    TextSet others_; // are matched one by one
};

} // namespace helix
