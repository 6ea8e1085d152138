// Owns: the keys whose values helix can compute. helix_internal.known_reads says how. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

#include "cache/read_through.hpp"

namespace helix::cache {

// A key that was taken apart, and how its value is computed, in palloc'd memory.
struct KnownRead {
    static constexpr int most_parameters = 8;

    const char* query;
    int ttl_s;
    int parameter_count;
    const char* parameters[most_parameters]; // the key's segments behind the first
    List* relations;                         // that the query reads; known once it has run
};

// Null where the key is not one of a family. Raises PostgreSQL errors.
KnownRead* find_known_read(const char* key);

// For functions that store what their caller says. Throws Error 22023 where helix computes the key's value itself: what
// is stored there cache_read() gives to other users.
void check_not_known(const std::string& key);

// Computes the value of a KnownRead as the caller.
Json run_known_read(void* known_read);

} // namespace helix::cache
