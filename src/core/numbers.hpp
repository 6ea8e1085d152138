// Owns: reading whole numbers from text. Anyone may use it.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace helix {

// The number that `text` is, in decimal digits; nothing where it holds anything else, or where the number does not fit.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
    Number value{};
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

} // namespace helix
