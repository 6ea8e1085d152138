// helix.register_cron_job(), unregister_cron_job() and check_cron_job_exists(): schedules by the name of their job.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "core/uuid.hpp"
#include "operations/operations.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "schedules/pg_cron.hpp"
#include "schedules/schedule_limits.hpp"

#include <cstring>

extern "C" {
#include "utils/builtins.h"
#include "utils/uuid.h"
}

namespace helix::schedules {

namespace {

pg::Statement lock_job(R"(
    SELECT user_id, by_name, schedule_type = 'cron' AND enabled, run_as
      FROM helix_internal.operation_schedules
     WHERE pg_cron_name = $1
       FOR UPDATE)",
                       {TEXTOID});
struct LockedJob {
    enum : int { user_id = 1, by_name, registered, run_as };
};

pg::Statement select_owner("SELECT user_id FROM helix_internal.operation_schedules WHERE pg_cron_name = $1", {TEXTOID});

pg::Statement select_owner_of_registered(R"(
    SELECT user_id
      FROM helix_internal.operation_schedules
     WHERE pg_cron_name = $1 AND schedule_type = 'cron' AND enabled)",
                                         {TEXTOID});

// The parameters of both are those of Registration::values().
pg::Statement insert_job(R"(
    INSERT INTO helix_internal.operation_schedules
           (id, user_id, operation_id, schedule_type, cron_expression, timezone, job_name, by_name, run_as)
    VALUES (COALESCE($5, pg_catalog.gen_random_uuid()), $4, $3, 'cron', $2, COALESCE($6, 'UTC'), $7, true, $8)
    ON CONFLICT DO NOTHING)",
                         {TEXTOID, TEXTOID, TEXTOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, NAMEOID});

pg::Statement update_job(R"(
    UPDATE helix_internal.operation_schedules
       SET operation_id = $3,
           schedule_type = 'cron',
           cron_expression = $2,
           enabled = true,
           timezone = COALESCE($6, timezone),
           run_as = $8
     WHERE pg_cron_name = $1)",
                         {TEXTOID, TEXTOID, TEXTOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, NAMEOID});

pg::Statement select_registered(R"(
    SELECT id, user_id, job_name, schedule_expression, operation_id, last_executed_at, next_scheduled_at, timezone,
           created_at, updated_at
      FROM helix.cron_job_registry
     WHERE id = (SELECT s.id FROM helix_internal.operation_schedules s WHERE s.pg_cron_name = $1))",
                                {TEXTOID});

pg::Statement delete_job("DELETE FROM helix_internal.operation_schedules WHERE pg_cron_name = $1", {TEXTOID});

pg::Statement disable_job("UPDATE helix_internal.operation_schedules SET enabled = false WHERE pg_cron_name = $1",
                          {TEXTOID});

// A job by the name that a client gives it; plain data.
struct JobName {
    Datum given;
    Datum pg_cron;             // "nightly" and "helix_nightly" are one for pg_cron
    const pg_uuid_t* schedule; // of helix_<uuid>, else null
};

JobName read_name(Datum given) {
    const char* name = cron_name(TextDatumGetCString(given));
    const auto bytes = parse_uuid(std::string_view(name).substr(strlen("helix_")));
    if (!bytes) {
        return {given, CStringGetTextDatum(name), nullptr};
    }
    auto* id = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    memcpy(id->data, bytes->data(), UUID_LEN);
    const char* text = pg::uuid_text(*id);
    const Datum canonical = CStringGetTextDatum(psprintf("helix_%s", text));
    return {canonical, canonical, id};
}

void check_name(Datum name) {
    const char* given = TextDatumGetCString(name);
    if (*given == '\0' || strlen(cron_name(given)) >= NAMEDATALEN) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("p_job_name must have 1 to %d bytes", NAMEDATALEN - 1 - static_cast<int>(strlen("helix_"))),
                 errdetail("It has %zu.", strlen(given)),
                 errhint("helix_ before the name is not counted; pg_cron's names end there.")));
    }
}

void check_owner(Datum owner, const pg_uuid_t& user, Datum name) {
    if (!pg::same_uuid(*DatumGetUUIDP(owner), user)) {
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("the job name is another user's"),
                        errdetail("It is \"%s\".", TextDatumGetCString(name)), errhint("Choose another name.")));
    }
}

// What the statements that write a job need. `run_as` is the role that its handler runs as.
struct Registration {
    JobName name;
    Datum expression;
    Datum operation;
    const pg_uuid_t* user;
    Datum zone; // 0: none

    pg::Values values(const char* run_as) const {
        pg::Values values;
        values.add(name.pg_cron).add(expression).add(operation).add_uuid(user).add_uuid(name.schedule);
        return values.add(zone, zone == 0).add(name.given).add(pg::name_datum(run_as));
    }
};

// Locks the job that has the name and changes it. False where there is none. It asks for the owner before it locks, so
// that nobody waits for another user's job or makes them wait.
bool change(const Registration& job, const callers::Rights& rights) {
    if (select_owner.execute_latest(&job.name.pg_cron) > 0) {
        check_owner(pg::only_column(), *job.user, job.name.given);
    }
    if (lock_job.execute(&job.name.pg_cron) == 0) {
        return false;
    }
    check_owner(pg::column(0, LockedJob::user_id), *job.user, job.name.given);
    auto values = job.values(rights.run_as(NameStr(*DatumGetName(pg::column(0, LockedJob::run_as)))));
    update_job.execute(values.values(), values.letters());
    return true;
}

// Changes the job or inserts it. Where another session has just registered the name, the insert waits for it and then
// does nothing.
void put(const Registration& job, const callers::Rights& rights) {
    if (change(job, rights)) {
        return;
    }
    auto values = job.values(GetUserNameFromId(rights.role, false));
    if (insert_job.execute(values.values(), values.letters()) == 0 && !change(job, rights)) {
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT), errmsg("the job name is another job's"),
                        errdetail("It is \"%s\", the id of a schedule with a name of its own.",
                                  TextDatumGetCString(job.name.given)),
                        errhint("Use the name that it was registered by, or choose another.")));
    }
}

struct RegisterArgument {
    enum : int { job_name, schedule, operation_id, user_id, timezone };
};

} // namespace

HELIX_FUNCTION(helix_register_cron_job) {
    const Datum given = pg::required(fcinfo, RegisterArgument::job_name, "p_job_name");
    const Datum expression = pg::required(fcinfo, RegisterArgument::schedule, "p_schedule");
    const Datum operation = pg::required(fcinfo, RegisterArgument::operation_id, "p_operation_id");
    const Datum user = pg::required(fcinfo, RegisterArgument::user_id, "p_user_id");
    check_name(given);
    operations::check_operation(pg::text_view(operation));
    const auto rights = callers::rights();
    callers::check_acts_for(*DatumGetUUIDP(user));
    TupleDesc columns = pg::result_columns(fcinfo);
    const bool no_zone = PG_ARGISNULL(RegisterArgument::timezone);
    const Registration job{.name = read_name(given),
                           .expression = expression,
                           .operation = operation,
                           .user = DatumGetUUIDP(user),
                           .zone = no_zone ? 0 : PG_GETARG_DATUM(RegisterArgument::timezone)};
    pg::OwnerSpi spi;
    require_pg_cron();
    put(job, rights);
    if (!rights.for_anyone) { // the trigger has seen helix's own role
        check_interval(TextDatumGetCString(expression), "UTC");
    }
    select_registered.execute(&job.name.pg_cron);
    const Datum row = pg::copied_row(columns);
    spi.finish();
    PG_RETURN_DATUM(row);
}

HELIX_FUNCTION(helix_unregister_cron_job) {
    const Datum given = pg::required(fcinfo, 0, "p_job_name");
    const Datum name = read_name(given).pg_cron;
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    bool was_registered = false;
    rights.check_may_use(select_owner, &name, "job", TextDatumGetCString(given));
    if (lock_job.execute(&name) > 0) {
        rights.check_may_use(*DatumGetUUIDP(pg::column(0, LockedJob::user_id)), "job", TextDatumGetCString(given));
        was_registered = DatumGetBool(pg::column(0, LockedJob::registered));
        const bool by_name = DatumGetBool(pg::column(0, LockedJob::by_name));
        (by_name ? delete_job : disable_job).execute(&name);
    }
    spi.finish();
    PG_RETURN_BOOL(was_registered);
}

HELIX_FUNCTION(helix_check_cron_job_exists) {
    const Datum name = read_name(pg::required(fcinfo, 0, "p_job_name")).pg_cron;
    const auto rights = callers::rights();
    const auto user = rights.for_anyone ? std::nullopt : callers::current_user();
    pg::OwnerSpi spi;
    bool exists = false;
    if (select_owner_of_registered.read(&name) > 0 && has_pg_cron()) {
        const bool visible = rights.for_anyone || (user && pg::same_uuid(*DatumGetUUIDP(pg::only_column()), *user));
        exists = visible && job_is_live(TextDatumGetCString(name));
    }
    spi.finish();
    PG_RETURN_BOOL(exists);
}

} // namespace helix::schedules
