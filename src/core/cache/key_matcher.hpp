// Owns: many patterns at once, matched against many keys: a lookup for each colon of the key, whatever the number of
// patterns that are a prefix and a star, or a user. Anyone may use it.
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

    // Moves what is matched one by one beyond `most` patterns into another one.
    KeyMatcher split_off(std::size_t most);

    // Forgets the prefixes all of whose keys a prefix of `wider` names as well.
    void remove_prefixes_in(const KeyMatcher& wider);

    bool empty() const { return !all_ && prefixes_.empty() && users_.empty() && others_.empty(); }
    bool all() const { return all_; }
    std::size_t size() const { return prefixes_.size() + users_.size() + others_.size(); }
    std::size_t prefixes() const { return prefixes_.size(); }
    bool matches(std::string_view key) const;

  private:
    bool names_all_with(std::string_view prefix) const;

    bool all_ = false;
    TextSet prefixes_; // of patterns "a:b:*": they end in a colon
    TextSet users_;
    TextSet others_;
};

} // namespace helix
