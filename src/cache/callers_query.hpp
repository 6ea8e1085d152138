// Owns: what the query of helix.cache_get_or_fetch() may be, and what a query reads. Used within cache/ only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace helix::cache {

// Plans the query as the caller; needs an SPI connection. Raises 22023 unless it is one SELECT that only reads.
SPIPlanPtr prepare_callers_query(const char* text);

// The oids of the relations that a plan of one query reads: those it names, views too, and those that views read. What
// functions read is not among them. In the current memory context.
List* relations_of(SPIPlanPtr plan);

} // namespace helix::cache
