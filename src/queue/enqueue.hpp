// Owns: putting executions into the queue. Offered to features that queue (schedules, webhooks). Callers are within an
// OwnerSpi and have checked the rights. All raise PostgreSQL errors.
#pragma once

#include "callers/caller.hpp"

namespace helix::queue {

// Plain data. A field that is a null pointer, 0 or NOBEGIN is not given.
struct NewExecution {
    pg_uuid_t user_id;
    const pg_uuid_t* id = nullptr; // not given: a new one
    Datum operation_id = 0;        // text
    const char* run_as = nullptr;  // the role that a handler runs as
    const pg_uuid_t* schedule_id = nullptr;
    const pg_uuid_t* batch_id = nullptr;
    const pg_uuid_t* batch_operation_id = nullptr;
    const char* triggered_by = "manual";
    int priority = 5;
    int max_attempts = 5;
    TimestampTz run_at = DT_NOBEGIN;        // not given: now
    TimestampTz scheduled_for = DT_NOBEGIN; // the time that cron asked for
    Datum request_id = 0;                   // text
    Datum concurrency_key = 0;              // text
    Datum given_payload = 0;                // jsonb; as the caller of enqueue_execution() gave it
    Datum payload = 0;                      // jsonb
    Datum headers = 0;                      // jsonb: of the call of a webhook
    bool waits = false;                     // it is ready when something else releases it
    bool has_room = false;                  // the caller has asked has_room() already
};

// Returns its id. Raises 22023 where there is no room.
pg_uuid_t enqueue(const NewExecution& execution);

// What a schedule says of its executions, in SPI's memory: all but the trigger. The caller chooses the payload, if they
// give one. P0002 where there is no such schedule, 55000 where it is disabled.
void apply_schedule(NewExecution& execution, const callers::Rights& rights);

// Whether `more` executions of the user may come in. What waits or runs is counted up to helix.max_queued_per_user.
// Sessions that queue at the same moment may together exceed that, each by a sixteenth of what was left.
bool has_room(const pg_uuid_t& user, int more);

// Whether the queue holds an execution of the schedule, waiting or running. Lock the schedule first where that matters.
bool has_unfinished(const pg_uuid_t& schedule_id);

// Locks a schedule that runs one execution at a time. Whether a new one has to wait for another.
bool must_wait(const pg_uuid_t& schedule_id);

} // namespace helix::queue
