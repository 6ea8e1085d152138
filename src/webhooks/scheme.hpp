// Owns: rows of helix.webhook_schemes as the core wants them. Within webhooks/. All raise PostgreSQL errors alone.
#pragma once

#include "core/webhooks/challenge.hpp"
#include "pg/prelude.hpp"

namespace helix::webhooks {

// Where a scheme finds something: in a header, or a field of the body. Null: not there.
struct Place {
    const char* header;
    const char* path;
};

// Plain data in SPI's memory.
struct Scheme {
    WebhookScheme core;
    WebhookChallenge challenge;
    Place signature;
    Place timestamp;
    Place id;
    Place delivery;
    Datum kept_headers; // a text[]; 0: none
};

// Its columns in a select list, of a relation or alias `c`.
#define HELIX_SCHEME_COLUMNS                                                                                           \
    "c.algorithm, c.encoding, c.separator, c.prefix, c.timestamp_prefix, c.timestamp_unit, c.signed_content, "         \
    "c.key_prefix, c.key_encoding, c.signature_header, c.signature_path, c.timestamp_header, c.timestamp_path, "       \
    "c.id_header, c.id_path, c.delivery_header, c.delivery_path, c.kept_headers, c.challenge_in, c.challenge_field, "  \
    "c.challenge_value, c.challenge_token, c.challenge_verify, c.challenge_reply, c.challenge_reply_type, "            \
    "c.challenge_status"

// Reads them from the first row of SPI_tuptable, where they begin with column `first`.
Scheme read_scheme(int first);

// Needs an OwnerSpi. Raises 42704 for an unknown one.
Scheme find_scheme(Datum name);

} // namespace helix::webhooks
