// Owns: what the query of helix.cache_get_or_fetch() may be, and what a query reads. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace helix::cache {

// Plans the query as the caller; needs an SPI connection. Raises 22023 unless it is one SELECT that only reads.
SPIPlanPtr prepare_callers_query(const char* text);

// The oids of what a plan of one query reads by name, views and what they read among them, in the current memory
// context. What functions read is not seen.
List* relations_of(SPIPlanPtr plan);

} // namespace helix::cache
