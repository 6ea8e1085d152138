// helix.pause_queue() and resume_queue(), and the trigger that tells all sessions of a change.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "config.hpp"
#include "operations/operations.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/values.hpp"
#include "queue/lane_changes.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_arguments.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace helix::queue {

namespace {

constexpr const char* tables[] = {"helix_internal.queue_pauses"};
constexpr pg::TriggerRule rule{.function = "pauses_changed",
                               .timing = pg::Timing::after,
                               .statement_events = pg::on_insert | pg::on_update | pg::on_delete | pg::on_truncate,
                               .relations = tables};

pg::Statement insert_pause(R"(
    INSERT INTO helix_internal.queue_pauses (user_id, operation_id, reason, by_service)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (user_id, operation_id, restored) DO UPDATE SET
           by_service = true,
           reason = excluded.reason
     WHERE excluded.by_service AND NOT queue_pauses.by_service)",
                           {UUIDOID, TEXTOID, TEXTOID, BOOLOID});

pg::Statement select_by_service(R"(
    SELECT pg_catalog.bool_or(by_service)
      FROM helix_internal.queue_pauses
     WHERE user_id IS NOT DISTINCT FROM $1 AND operation_id IS NOT DISTINCT FROM $2)",
                                {UUIDOID, TEXTOID});

pg::Statement delete_pause(R"(
    DELETE FROM helix_internal.queue_pauses
     WHERE user_id IS NOT DISTINCT FROM $1 AND operation_id IS NOT DISTINCT FROM $2)",
                           {UUIDOID, TEXTOID});

struct Argument {
    enum : int { operation_id, user_id, reason };
};

bool is_everything(const PauseScope& scope) {
    return scope.user == nullptr && scope.operation_id == 0;
}

// Checks that the caller may pause and resume it.
PauseScope read_scope(FunctionCallInfo fcinfo, const callers::Rights& rights) {
    const PauseScope scope{PG_ARGISNULL(Argument::user_id) ? nullptr : PG_GETARG_UUID_P(Argument::user_id),
                           optional_argument(fcinfo, Argument::operation_id)};
    if (scope.user != nullptr) {
        callers::check_acts_for(*scope.user);
    } else if (!rights.for_anyone) {
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to pause others' executions"),
                 errdetail("Without p_user_id it would be those of all users."),
                 errhint("Pass your own id as p_user_id, or call as a service role.")));
    }
    if (scope.operation_id != 0) {
        operations::check_operation(pg::text_view(scope.operation_id));
    }
    return scope;
}

pg::Values values_of(const PauseScope& scope) {
    pg::Values values;
    values.add_uuid(scope.user).add(scope.operation_id, scope.operation_id == 0);
    return values;
}

// What a service role has paused for a user, the user does not resume.
void check_may_resume(const PauseScope& scope, const callers::Rights& rights) {
    auto values = values_of(scope);
    bool is_null = false;
    select_by_service.execute_latest(values.values(), values.letters());
    const bool by_service = DatumGetBool(pg::only_column(0, &is_null));
    if (!is_null && by_service && !rights.for_anyone) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied to resume what a service role has paused"),
                        errhint("Ask whoever runs the server; helix.queue_pauses shows the reason.")));
    }
}

void refuse_setting() {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the queue is paused by a setting"),
             errdetail("helix.queue_paused is on."), errhint("Turn helix.queue_paused off, then repeat the call.")));
}

} // namespace

HELIX_FUNCTION(helix_pause_queue) {
    pg::check_text_argument(fcinfo, Argument::reason, "p_reason", pg::longest_reason);
    const auto rights = callers::rights();
    const auto scope = read_scope(fcinfo, rights);
    auto values = values_of(scope);
    values.add_argument(fcinfo, Argument::reason).add(BoolGetDatum(rights.for_anyone));
    pg::OwnerSpi spi;
    const bool is_new = insert_pause.execute(values.values(), values.letters()) > 0;
    if (is_new && !is_everything(scope)) {
        set_aside_waiting(scope);
    }
    spi.finish();
    PG_RETURN_BOOL(is_new);
}

HELIX_FUNCTION(helix_resume_queue) {
    const auto rights = callers::rights();
    const auto scope = read_scope(fcinfo, rights);
    if (is_everything(scope) && config::queue_paused) {
        refuse_setting();
    }
    auto values = values_of(scope);
    pg::OwnerSpi spi;
    check_may_resume(scope, rights);
    const bool was_paused = delete_pause.execute_latest(values.values(), values.letters()) > 0;
    release_set_aside(scope);
    if (is_everything(scope)) {
        mark_all_lanes(); // of a restored dump too
    }
    spi.finish();
    PG_RETURN_BOOL(was_paused);
}

HELIX_FUNCTION(helix_pauses_changed) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    CacheInvalidateRelcache(trigger.tg_relation);
    return PointerGetDatum(nullptr);
}

} // namespace helix::queue
