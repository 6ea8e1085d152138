// Owns: what of the queue is paused, and setting aside what waits there. Used within queue/ only. Callers are within an
// OwnerSpi. Raises PostgreSQL errors.
//
// A backend keeps whether there are pauses at all, so that they cost nothing while there are none.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// Registers for invalidations; called once, by _PG_init.
void initialize_pauses();

// Whether nothing at all may start: by pause_queue(), by a restored dump, or by helix.queue_paused.
bool all_is_paused();

// Whether executions of the user and operation must not start. All being paused does not count here.
bool is_set_aside(const pg_uuid_t& user, Datum operation_id);

// 55000 where an execution of the user and operation must not start.
void check_not_paused(const pg_uuid_t& user, Datum operation_id);

// A claimed execution turns out to be paused: nobody has claimed it, and no claim meets it again until it is resumed.
void set_aside(const pg_uuid_t& execution);

// What a pause covers. Null and 0: any.
struct PauseScope {
    const pg_uuid_t* user;
    Datum operation_id; // text
};

// Sets aside what waits there. What somebody has locked is set aside by whoever claims it.
void set_aside_waiting(const PauseScope& scope);

// What waits there is ready again, unless another pause covers it.
void release_set_aside(const PauseScope& scope);

} // namespace helix::queue
