// Owns: rows of helix.webhook_schemes as the core wants them. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "core/webhooks/signature.hpp"
#include "pg/prelude.hpp"

namespace helix::webhooks {

// Plain data in SPI's memory. Header names are null where there is none.
struct Scheme {
    WebhookScheme core;
    const char* signature_header;
    const char* timestamp_header;
    const char* id_header;
};

// Its columns in a select list, of a relation or alias `c`.
#define HELIX_SCHEME_COLUMNS                                                                                           \
    "c.algorithm, c.encoding, c.separator, c.prefix, c.timestamp_prefix, c.signed_content, c.key_prefix, "             \
    "c.key_encoding, "                                                                                                 \
    "c.signature_header, c.timestamp_header, c.id_header"
inline constexpr int scheme_columns = 11;

// Reads them from the first row of SPI_tuptable, where they begin with column `first`.
Scheme read_scheme(int first);

// Needs an OwnerSpi. Raises 42704 for an unknown one.
Scheme find_scheme(Datum name);

} // namespace helix::webhooks
