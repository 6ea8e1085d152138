// Owns: what a webhook's body is as JSON. Within webhooks/. Raises PostgreSQL errors alone.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// A jsonb: the body itself where it is JSON that jsonb can hold, a string where it is text, else {"base64": …}.
Datum payload_of(std::string_view body);

} // namespace helix::webhooks
