// Owns: where a trigger function may be attached. Every trigger function begins with checked_trigger(). For the owner
// of a table can attach any of them in any way, and the wrong rows would crash the server. Plain data; raises
// PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace helix::pg {

enum class Timing { before, after, instead_of };

enum TriggerEvents : unsigned { on_insert = 1, on_update = 2, on_delete = 4, on_truncate = 8 };

// What the arguments of CREATE TRIGGER say.
enum class TriggerArguments { words, columns, uuid_columns };

struct TriggerRule {
    const char* function; // its name, for errors
    Timing timing;
    unsigned row_events = 0;
    unsigned statement_events = 0;
    std::span<const char* const> relations = {}; // schema.name; empty: any relation
    TriggerArguments arguments = TriggerArguments::words;
    int least_arguments = 0;
    const char* hint = nullptr;
};

// The trigger that is being fired. Raises 39P01 where the function is called in any way that the rule does not allow.
// The detail tells what it allows.
const TriggerData& checked_trigger(FunctionCallInfo fcinfo, const TriggerRule& rule);

} // namespace helix::pg
