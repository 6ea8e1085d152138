// Owns: writing bytes as base64, by the server's function. Anyone outside core/ may use it.
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

} // namespace helix::pg
