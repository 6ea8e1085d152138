// Owns: a set of texts that is asked without copying what is looked for. Anyone may use it.
#pragma once

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

} // namespace helix
