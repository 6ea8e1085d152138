// Owns: writing JSON text. Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

// A JSON string (RFC 8259) with its quotes; bytes from 0x80 on go through as they are.
std::string json_quoted(std::string_view text);

template <typename Texts>
std::string json_array(const Texts& texts) {
    std::string array = "[";
    for (const auto& text : texts) {
        array += array.size() > 1 ? "," : "";
        array += json_quoted(text);
    }
    return array + "]";
}

} // namespace helix
