// Owns: what a webhook's body is as JSON, and what is text at all. Within webhooks/. Raises PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// A jsonb: the body itself where it is JSON that jsonb can hold, a string where it is text, else {"base64": …}.
Datum payload_of(std::string_view body);

// Whether it is text in the database's encoding.
bool is_text(std::string_view bytes);

// Whether it is JSON that jsonb can hold.
bool is_json(const char* text);

} // namespace helix::webhooks
