// Owns: how much of an error's text is stored. A longer text is cut, with a mark that says so. It is not refused, for
// the failure must be stored, and its text comes from elsewhere. Anyone may use it; pg/error_text.hpp is for datums.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace helix {

inline constexpr std::size_t max_error_bytes = 16'384;

// The size of the longest beginning of `text` that has at most `most` bytes and ends with a whole character.
using Clip = std::size_t (*)(std::string_view text, std::size_t most);
std::size_t clip_utf8(std::string_view text, std::size_t most);

// The whole text without a mark, or its beginning with a mark that tells its size: "… [19,004 bytes]".
struct ShortenedError {
    std::string_view kept;
    std::array<char, 48> mark_bytes;
    std::size_t mark_size;

    std::string_view mark() const { return {mark_bytes.data(), mark_size}; }
    std::size_t size() const { return kept.size() + mark_size; }
};

// At most `most` bytes in all, of which the mark takes up to 48.
ShortenedError shorten_error(std::string_view text, std::size_t most = max_error_bytes, Clip clip = clip_utf8,
                             std::string_view ellipsis = "\u2026");

} // namespace helix
