#include "core/error_text.hpp"

#include <algorithm>
#include <string>

namespace helix {

namespace {

// 19004 becomes 19,004.
std::string grouped(std::size_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

} // namespace

std::size_t clip_utf8(std::string_view text, std::size_t most) {
    if (text.size() <= most) {
        return text.size();
    }
    const auto is_inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
    while (most > 0 && is_inside(most)) {
        --most;
    }
    return most;
}

ShortenedError shorten_error(std::string_view text, std::size_t most, Clip clip, std::string_view ellipsis) {
    ShortenedError result{.kept = text, .mark_bytes = {}, .mark_size = 0};
    if (text.size() <= most) {
        return result;
    }
    const std::string mark = std::string(ellipsis) + " [" + grouped(text.size()) + " bytes]";
    result.mark_size = mark.copy(result.mark_bytes.data(), std::min(result.mark_bytes.size(), most));
    result.kept = text.substr(0, clip(text, most - result.mark_size));
    return result;
}

} // namespace helix
