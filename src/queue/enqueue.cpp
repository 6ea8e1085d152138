// helix.enqueue_execution(), and queueing for other features.
#include "pg/prelude.hpp"

#include "queue/enqueue.hpp"

#include "callers/caller.hpp"
#include "operations/operations.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/table_writer.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/lane_changes.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"
#include "queue/queue_planning.hpp"
#include "queue/requests.hpp"
#include "queue/running_limits.hpp"
#include "queue/stopped.hpp"
#include "queue/turns.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::queue {

namespace {

pg::Statement select_unfinished("SELECT FROM helix_internal.queue WHERE schedule_id = $1 LIMIT 1", {UUIDOID});

pg::Statement select_schedule(R"(
    SELECT user_id, operation_id, enabled, parameters, overlap, max_attempts, run_as
      FROM helix_internal.operation_schedules
     WHERE id = $1)",
                              {UUIDOID});
struct Schedule {
    enum : int { user_id = 1, operation_id, enabled, parameters, overlap, max_attempts, run_as };
};

pg::Statement lock_schedule("SELECT FROM helix_internal.operation_schedules WHERE id = $1 FOR NO KEY UPDATE",
                            {UUIDOID});

// Where a new execution waits.
struct Place {
    TimestampTz run_at;
    std::optional<Lane::Place> turn;
    bool paused;
    const char* held_key; // null: at no limit
};

// Adds the columns of helix_internal.queue in their order.
void insert(const pg_uuid_t& id, const NewExecution& execution, const Place& place) {
    const TimestampTz ready_at = execution.waits ? DT_NOEND : place.run_at;
    pg::Values row;
    row.add_uuid(&id).add_uuid(&execution.user_id).add(execution.operation_id);
    row.add_uuid(execution.schedule_id).add_uuid(execution.batch_id).add_uuid(execution.batch_operation_id);
    row.add_text(execution.triggered_by).add(Int16GetDatum(static_cast<std::int16_t>(execution.priority)));
    row.add(TimestampTzGetDatum(ready_at)).add(TimestampTzGetDatum(place.run_at));
    row.add(Int64GetDatum(place.turn.value_or(0)), !place.turn);
    row.add(BoolGetDatum(false)).add(BoolGetDatum(false));                // running, reserved
    row.add(BoolGetDatum(false)).add(BoolGetDatum(place.paused));         // limited
    row.add(Int32GetDatum(0)).add(Int32GetDatum(execution.max_attempts)); // attempt
    row.add_null().add_null().add_null();                                 // worker, lease_until, started_at
    row.add(TimestampTzGetDatum(execution.scheduled_for), execution.scheduled_for == DT_NOBEGIN);
    row.add(execution.request_id, execution.request_id == 0);
    row.add(execution.concurrency_key, execution.concurrency_key == 0).add_text(place.held_key);
    row.add_null().add_null(); // last_error, earlier_cost_usd
    row.add(pg::name_datum(execution.run_as));
    row.add(execution.payload, execution.payload == 0);
    row.add(TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
    row.add(execution.headers, execution.headers == 0);
    pg::insert_into("queue", row);
}

// Behind others that wait at the same limit already, no claim need meet it.
Place place_of(const NewExecution& execution, TimestampTz now, TimestampTz run_at) {
    Place place{run_at, std::nullopt, is_set_aside(execution.user_id, execution.operation_id), nullptr};
    if (execution.waits || place.paused) {
        return place;
    }
    if (run_at > now) {
        mark_later(execution.priority, execution.operation_id, run_at);
    } else if (has_running_limit(execution.concurrency_key)) {
        place.held_key = waits_at({execution.user_id, execution.concurrency_key});
    }
    if (run_at <= now && place.held_key == nullptr) {
        place.turn = next_turn(execution.user_id, execution.priority, execution.operation_id);
        mark_ready(execution.priority, execution.operation_id, *place.turn);
    }
    return place;
}

} // namespace

bool has_unfinished(const pg_uuid_t& schedule_id) {
    const Datum id = UUIDPGetDatum(&schedule_id);
    return select_unfinished.execute_latest(&id) > 0; // waiting for one that has ended would never end
}

bool must_wait(const pg_uuid_t& schedule_id) {
    const Datum id = UUIDPGetDatum(&schedule_id);
    lock_schedule.execute(&id);
    return has_unfinished(schedule_id);
}

pg_uuid_t enqueue(const NewExecution& execution) {
    const pg_uuid_t id = execution.id != nullptr ? *execution.id : pg::fresh_id();
    if (execution.request_id != 0) {
        if (const auto earlier = note_request(execution, id)) {
            return *earlier;
        }
    }
    if (!execution.has_room) {
        check_room(execution.user_id, 1);
    }
    const TimestampTz now = GetCurrentTimestamp();
    const TimestampTz run_at = execution.run_at == DT_NOBEGIN ? now : execution.run_at;
    insert(id, execution, place_of(execution, now, run_at));
    return id;
}

// What a schedule says of its executions, in SPI's memory. The caller chooses the payload. So neither they nor whoever
// wrote the schedule may use the other's rights.
void apply_schedule(NewExecution& execution, const callers::Rights& rights) {
    const Datum id = UUIDPGetDatum(execution.schedule_id);
    if (select_schedule.execute(&id) == 0) {
        refuse_unknown("schedule", *execution.schedule_id);
    }
    execution.user_id = *DatumGetUUIDP(pg::column(0, Schedule::user_id));
    rights.check_may_use(execution.user_id, "schedule", *execution.schedule_id); // before anything is said of it
    execution.operation_id = pg::column(0, Schedule::operation_id);
    const bool enabled = DatumGetBool(pg::column(0, Schedule::enabled));
    const Datum parameters = pg::column(0, Schedule::parameters);
    const bool one_at_a_time = pg::text_view(pg::column(0, Schedule::overlap)) == "queue";
    execution.max_attempts = DatumGetInt32(pg::column(0, Schedule::max_attempts));
    execution.run_as = rights.run_as(NameStr(*DatumGetName(pg::column(0, Schedule::run_as))));
    execution.payload = execution.payload == 0 ? parameters : execution.payload;
    if (!enabled) {
        refuse_disabled(*execution.schedule_id);
    }
    if (one_at_a_time) {
        execution.waits = must_wait(*execution.schedule_id);
    }
}

namespace {

struct Argument {
    enum : int {
        schedule_id,
        triggered_by,
        payload,
        run_at,
        priority,
        request_id,
        user_id,
        operation_id,
        concurrency_key
    };
};

// For an execution without a schedule.
void read_operation(FunctionCallInfo fcinfo, NewExecution& execution) {
    execution.user_id = *DatumGetUUIDP(pg::required(fcinfo, Argument::user_id, "p_user_id"));
    execution.operation_id = pg::required(fcinfo, Argument::operation_id, "p_operation_id");
    operations::check_operation(pg::text_view(execution.operation_id));
}

} // namespace

HELIX_FUNCTION(helix_enqueue_execution) {
    NewExecution execution;
    execution.triggered_by = trigger_word(fcinfo, Argument::triggered_by);
    execution.payload = execution.given_payload = optional_argument(fcinfo, Argument::payload);
    execution.run_at = time_argument(fcinfo, Argument::run_at, "p_run_at");
    execution.priority = priority_argument(fcinfo, Argument::priority);
    execution.request_id = key_argument(fcinfo, Argument::request_id, "p_request_id");
    execution.concurrency_key = key_argument(fcinfo, Argument::concurrency_key, "p_concurrency_key");
    const auto rights = callers::rights();
    check_priority(rights, execution.priority);
    check_payload(execution.payload);
    if (PG_ARGISNULL(Argument::schedule_id)) {
        read_operation(fcinfo, execution);
        callers::check_acts_for(execution.user_id);
        execution.run_as = GetUserNameFromId(rights.role, false);
    } else {
        execution.schedule_id = PG_GETARG_UUID_P(Argument::schedule_id);
    }
    pg::OwnerSpi spi;
    if (execution.schedule_id != nullptr) {
        plan_by_index();
        apply_schedule(execution, rights);
    }
    operations::refuse_superuser(pg::text_view(execution.operation_id), execution.run_as);
    const pg_uuid_t id = enqueue(execution);
    spi.finish();
    return pg::uuid_datum(id);
}

} // namespace helix::queue
