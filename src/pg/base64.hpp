// Owns: bytes as base64, by the server's function, whose type of bytes differs between PostgreSQL 17 and 18. Anyone may
// use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "common/base64.h"
}

namespace helix::pg {

// A string with a terminating zero, in the current memory context.
inline const char* base64_of(std::string_view bytes) {
#if PG_VERSION_NUM >= 180000
    const auto* source = reinterpret_cast<const std::uint8_t*>(bytes.data());
#else
    const char* source = bytes.data();
#endif
    const int size = static_cast<int>(bytes.size());
    const int room = pg_b64_enc_len(size);
    auto* text = static_cast<char*>(palloc(room + 1));
    text[pg_b64_encode(source, size, text, room)] = '\0';
    return text;
}

} // namespace helix::pg
