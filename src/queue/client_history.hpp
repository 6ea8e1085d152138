// Owns: the rows of helix_internal.schedule_executions of executions that their client runs: those that wait for it,
// which nothing else looks for, and those that have ended. Used within queue/ only. Callers are within an OwnerSpi and
// have checked the rights. Raises PostgreSQL errors.
#pragma once

#include "pg/prelude.hpp"

#include "queue/history.hpp"

namespace helix::queue {

// An execution as its client writes it. Plain data; 0 stands for null.
struct ClientRow {
    pg_uuid_t user_id;
    pg_uuid_t id = {};
    pg_uuid_t schedule_id = {};
    const char* triggered_by = nullptr;
    Datum operation_id = 0; // text
    Datum payload = 0;      // jsonb
    Ending ending = {};     // its status may be pending or running too
    Datum estimates = 0;    // numeric[]
};

// What is kept of it; in SPI's memory.
struct KeptRow {
    const char* status;
    Datum operation_id;
    TimestampTz created_at;
    bool by_client;
    bool same_cost;  // cost and latency are those of the client's row
    bool same_words; // likewise result, error and estimates
};

// How many wait for their client, up to helix.max_queued_per_user.
int count_pending(const pg_uuid_t& user);

// Writes the row, and returns the operation of its schedule. P0002 where this user has no such schedule, 22023 where
// the client names another operation.
Datum insert_kept(const ClientRow& row);

// Locks the row and compares it with the client's. None where it has gone.
std::optional<KeptRow> lock_kept(const ClientRow& row);

// Changes one that waits; it may end.
void update_kept(const ClientRow& row);

// Changes result, error and estimates of one that has ended.
void update_words(const ClientRow& row);

// Removes one that waits, since it runs now.
void delete_kept(const pg_uuid_t& id);

// Ends one that waits as skipped. False where none waits.
bool cancel_pending(const pg_uuid_t& id, Datum reason);

// 55000: an execution does not go from one status to the other.
[[noreturn]] void refuse_move(const pg_uuid_t& id, const char* from, const char* to);

} // namespace helix::queue
