// Owns: sets of texts. Looking for a text does not copy it. Anyone may use it.
#pragma once

#include "core/arena.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace helix {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

// A set in an arena. Adding a text that is there already takes no memory.
class ArenaTextSet {
  public:
    explicit ArenaTextSet(Arena& arena) : texts_(arena.resource()) {}

    void add(std::string_view text) {
        if (!texts_.contains(text)) {
            texts_.emplace(text);
        }
    }
    bool empty() const { return texts_.empty(); }
    std::size_t size() const { return texts_.size(); }
    auto begin() const { return texts_.begin(); }
    auto end() const { return texts_.end(); }

  private:
    std::pmr::unordered_set<std::pmr::string, TextHash, std::equal_to<>> texts_;
};

} // namespace helix
