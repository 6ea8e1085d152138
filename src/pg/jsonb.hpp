// Owns: jsonb made in C++: strings, objects, and what is pushed into them. Anyone outside core/ may use it. Raises
// PostgreSQL errors; results are in the current memory context.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::pg {

Datum jsonb_string(std::string_view text);

// An object of one field.
Datum jsonb_object(std::string_view name, Datum value);

// As one || other; `other` alone where there is no `one`.
Datum joined_jsonb(std::optional<Datum> one, Datum other);

// The next key of an object that is being made, and its value.
void push_key(JsonbParseState** state, std::string_view name);
void push_value(JsonbParseState** state, Datum jsonb);

} // namespace helix::pg
