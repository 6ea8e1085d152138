// Owns: reading application/x-www-form-urlencoded: forms that senders post, and the parameters of an address. Anyone
// may use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helix {

inline constexpr std::size_t most_form_fields = 1000;

// The names, each followed by its value, in the order of their bytes and each pair once: what Twilio signs. None where
// there are too many fields.
std::optional<std::string> sorted_form_fields(std::string_view form);

// The value of the first field of that name; none where there is no such field.
std::optional<std::string> form_field(std::string_view form, std::string_view name);

} // namespace helix
