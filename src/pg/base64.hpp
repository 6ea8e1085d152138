// Owns: writing bytes as base64 and reading them, by the server's functions. Anyone outside core/ may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "common/base64.h"
}

namespace helix::pg {

// A string that ends with a zero, in the current memory context.
inline const char* base64_of(std::string_view bytes) {
    const auto* source = reinterpret_cast<const Base64Source*>(bytes.data());
    const int size = static_cast<int>(bytes.size());
    const int room = pg_b64_enc_len(size);
    auto* text = static_cast<char*>(palloc(room + 1));
    text[pg_b64_encode(source, size, text, room)] = '\0';
    return text;
}

// The bytes that base64 stands for, in the current memory context; nothing where the text is no base64.
inline std::optional<std::string_view> bytes_of_base64(std::string_view text) {
    const int size = static_cast<int>(text.size());
    const int room = pg_b64_dec_len(size);
    auto* bytes = static_cast<char*>(palloc(room + 1));
    const int written = pg_b64_decode(text.data(), size, reinterpret_cast<Base64Source*>(bytes), room);
    return written < 0 ? std::nullopt : std::optional(std::string_view(bytes, static_cast<std::size_t>(written)));
}

} // namespace helix::pg
