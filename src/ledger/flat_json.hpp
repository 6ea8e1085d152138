// Owns: an object of jsonb as a list of fields with their paths, which the core's readers of usage take. Used within
// ledger/ only. Plain data in the current memory context; raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

#include "core/ledger/usage/fields.hpp"

#include <span>

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::ledger {

// Texts and numbers are those of the object itself.
struct FlatJson {
    usage::Field* fields;
    JsonbValue* values;
    int count;

    std::span<const usage::Field> all() const { return {fields, static_cast<std::size_t>(count)}; }
};

// Which fields of a large object are looked at.
enum class Flatten : std::uint8_t { everything, what_may_be_usage };

// Raises 22023 with `name` on anything but an object, on more than usage::max_fields fields, and on more than 16
// levels.
FlatJson flatten(const char* name, Datum jsonb, Flatten what);

} // namespace helix::ledger
