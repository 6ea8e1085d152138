// Owns: what the query of helix.cache_get_or_fetch() may be. Used by fetch.cpp only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace helix::cache {

// Plans the query as the caller; needs an SPI connection. Raises 22023 unless it is one SELECT that only reads.
SPIPlanPtr prepare_callers_query(const char* text);

} // namespace helix::cache
