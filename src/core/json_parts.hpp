// Owns: taking JSON text apart at its outermost commas, so that each part can be read, and refused, by itself. Parts
// are not checked: they may hold anything. Anyone may use it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace helix {

// The elements of an array; none where the text is not one array with its brackets and quotes in balance.
std::optional<std::vector<std::string_view>> json_elements(std::string_view json);

struct JsonMember {
    std::string_view name; // without its quotes, as it is written
    std::string_view value;
};

// The members of an object; none as above, or where a member has no name.
std::optional<std::vector<JsonMember>> json_members(std::string_view json);

} // namespace helix
