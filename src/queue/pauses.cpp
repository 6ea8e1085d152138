// What is paused, and the executions that are set aside meanwhile.
#include "pg/prelude.hpp"

#include "queue/pauses.hpp"

#include "config.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "queue/lane_changes.hpp"
#include "queue/turns.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace helix::queue {

namespace {

pg::Statement select_extent(R"(
    SELECT pg_catalog.bool_or(user_id IS NULL AND operation_id IS NULL)
      FROM helix_internal.queue_pauses)");

pg::Statement select_pause(R"(
    SELECT FROM helix_internal.queue_pauses p
     WHERE (p.user_id = $1 OR p.user_id IS NULL) AND (p.operation_id = $2 OR p.operation_id IS NULL)
       AND NOT (p.user_id IS NULL AND p.operation_id IS NULL)
     LIMIT 1)",
                           {UUIDOID, TEXTOID});

pg::Statement give_back(R"(
    UPDATE helix_internal.queue
       SET running = false,
           attempt = attempt - 1,
           worker = NULL,
           lease_until = NULL,
           turn = NULL,
           paused = true
     WHERE id = $1)",
                        {UUIDOID});

pg::Statement set_paused(R"(
    WITH waiting AS MATERIALIZED (
        SELECT w.id, w.turn
          FROM helix_internal.queue w
         WHERE NOT w.running AND NOT w.paused
           AND ($1 IS NULL OR w.user_id = $1) AND ($2 IS NULL OR w.operation_id = $2)
           FOR UPDATE SKIP LOCKED)
    UPDATE helix_internal.queue q
       SET paused = true,
           turn = NULL
      FROM waiting w
     WHERE q.id = w.id
    RETURNING q.priority, q.operation_id, w.turn, q.ready_at)",
                         {UUIDOID, TEXTOID});
struct Place {
    enum : int { priority = 1, operation_id, turn, ready_at };
};

pg::Statement end_paused(R"(
    UPDATE helix_internal.queue q
       SET paused = false
     WHERE q.id = ANY (ARRAY(
           SELECT w.id
             FROM helix_internal.queue w
            WHERE w.paused AND ($1 IS NULL OR w.user_id = $1) AND ($2 IS NULL OR w.operation_id = $2)
              AND NOT EXISTS (SELECT FROM helix_internal.queue_pauses p
                               WHERE (p.user_id = w.user_id OR p.user_id IS NULL)
                                 AND (p.operation_id = w.operation_id OR p.operation_id IS NULL)
                                 AND NOT (p.user_id IS NULL AND p.operation_id IS NULL))
              FOR UPDATE SKIP LOCKED))
    RETURNING q.priority, q.ready_at, q.operation_id)",
                         {UUIDOID, TEXTOID});

enum class Extent { none, some, all };

struct Known {
    bool valid;
    Oid table;
    Extent extent;
};
Known known{};

void forget(Datum, Oid relation) {
    if (relation == InvalidOid || relation == known.table) {
        known.valid = false;
    }
}

// A change that comes in while it reads makes the next call read again.
Extent extent_of_pauses() {
    AcceptInvalidationMessages();
    if (known.valid) {
        return known.extent;
    }
    known = {true, pg::internal_relation("queue_pauses"), Extent::none};
    select_extent.execute_latest();
    bool is_none = false;
    const Datum all = pg::only_column(0, &is_none);
    known.extent = is_none ? Extent::none : DatumGetBool(all) ? Extent::all : Extent::some;
    return known.extent;
}

pg::Values values_of(const PauseScope& scope) {
    pg::Values values;
    values.add_uuid(scope.user).add(scope.operation_id, scope.operation_id == 0);
    return values;
}

} // namespace

void initialize_pauses() {
    CacheRegisterRelcacheCallback(forget, 0);
}

bool all_is_paused() {
    return config::queue_paused || extent_of_pauses() == Extent::all;
}

bool is_set_aside(const pg_uuid_t& user, Datum operation_id) {
    const Datum values[] = {UUIDPGetDatum(&user), operation_id};
    return extent_of_pauses() != Extent::none && select_pause.execute_latest(values) > 0;
}

void check_not_paused(const pg_uuid_t& user, Datum operation_id) {
    if (all_is_paused() || is_set_aside(user, operation_id)) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the queue is paused"),
                        errdetail("Executions of \"%s\" do not start now.", TextDatumGetCString(operation_id)),
                        errhint("helix.queue_pauses says what is paused, and helix.resume_queue() ends it.")));
    }
}

void set_aside(const pg_uuid_t& execution) {
    const Datum id = UUIDPGetDatum(&execution);
    give_back.execute(&id);
}

// An abort gives the places back.
void set_aside_waiting(const PauseScope& scope) {
    auto values = values_of(scope);
    const auto rows = set_paused.execute_latest(values.values(), values.letters());
    for (std::uint64_t row = 0; row < rows; ++row) {
        bool has_no_turn = false;
        const Datum turn = pg::column(row, Place::turn, &has_no_turn);
        mark_left(DatumGetInt16(pg::column(row, Place::priority)), pg::column(row, Place::operation_id),
                  has_no_turn ? std::nullopt : std::optional(DatumGetInt64(turn)),
                  DatumGetTimestampTz(pg::column(row, Place::ready_at)));
    }
}

void release_set_aside(const PauseScope& scope) {
    auto values = values_of(scope);
    mark_rows_ready(end_paused.execute_latest(values.values(), values.letters()));
}

} // namespace helix::queue
