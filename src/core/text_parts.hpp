// Owns: taking texts apart. Anyone may use it.
#pragma once

#include <string_view>

namespace helix {

// Without the blanks and line ends around it, as JSON knows them.
constexpr std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

// The part up to `mark`, which is taken off with it; all of the text where it has no such mark.
constexpr std::string_view take_part(std::string_view& text, std::string_view mark) {
    const auto end = text.find(mark);
    const auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + mark.size());
    return part;
}

} // namespace helix
