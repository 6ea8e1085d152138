// Repairs cron.job where it is not what the schedules say, and runs what pg_cron has not run in time.
#include "pg/prelude.hpp"

#include "schedules/reconcile.hpp"

#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "schedules/cron_runs.hpp"
#include "schedules/pg_cron.hpp"
#include "schedules/run_job.hpp"

namespace helix::schedules {

namespace {

constexpr std::int64_t late_us = 5 * USECS_PER_SEC; // the time that pg_cron has

pg::Statement select_drift(R"(
    SELECT s.job_name, s.pg_cron_expression,
           CASE WHEN j.jobid IS NULL THEN 'missing'
                WHEN NOT j.active THEN 'switched off'
                ELSE 'changed' END
      FROM helix_internal.operation_schedules s
      LEFT JOIN cron.job j ON j.jobname = s.pg_cron_name AND j.username = CURRENT_USER
     WHERE s.schedule_type = 'cron' AND s.enabled
       AND (j.jobid IS NULL OR NOT j.active OR j.schedule <> s.pg_cron_expression
            OR j.database <> pg_catalog.current_database()
            OR j.command <> 'SELECT helix_internal.run_job(' || pg_catalog.quote_literal(s.job_name) || ')'))");
struct Drift {
    enum : int { job_name = 1, expression, found };
};

pg::Statement select_orphans(R"(
    SELECT j.jobid, COALESCE(j.jobname, 'job ' || j.jobid)
      FROM cron.job j
     WHERE j.username = CURRENT_USER AND j.database = pg_catalog.current_database()
       AND j.command LIKE 'SELECT helix_internal.run_job(%'
       AND NOT EXISTS (SELECT FROM helix_internal.operation_schedules s
                        WHERE s.schedule_type = 'cron' AND s.enabled AND s.pg_cron_name = j.jobname))");
struct Orphan {
    enum : int { job_id = 1, job_name };
};

pg::Statement remove_changed("DELETE FROM cron.job WHERE jobname = $1 AND username = CURRENT_USER", {TEXTOID});

pg::Statement remove_orphan("SELECT cron.unschedule($1)", {INT8OID});

pg::Statement insert_repair(R"(
    WITH old AS (
        DELETE FROM helix_internal.cron_job_repairs
         WHERE id <= (SELECT pg_catalog.max(id) FROM helix_internal.cron_job_repairs) - 999)
    INSERT INTO helix_internal.cron_job_repairs (job_name, found)
    VALUES ($1, $2))",
                            {TEXTOID, TEXTOID});

// An expression of seconds is not for pg_cron: the worker runs it.
pg::Statement select_due(R"(
    SELECT job_name
      FROM helix_internal.operation_schedules
     WHERE enabled AND schedule_type = 'cron' AND next_scheduled_at <= $1
       AND (next_scheduled_at < $2 OR cron_expression ILIKE '%second%'))",
                         {TIMESTAMPTZOID, TIMESTAMPTZOID});

void report(const char* name, const char* found) {
    const Datum values[] = {CStringGetTextDatum(name), CStringGetTextDatum(found)};
    insert_repair.execute(values);
    ereport(LOG, (errmsg("helix repaired pg_cron's job \"%s\": it was %s", name, found)));
}

void repair(const char* name, const char* expression, const char* found) {
    if (strcmp(found, "changed") == 0) {
        const Datum job = CStringGetTextDatum(cron_name(name));
        remove_changed.execute(&job); // its command may no longer look like one of helix's
    }
    put_job(name, expression);
    report(cron_name(name), found);
}

int repair_drift() {
    const auto drift = pg::keep_rows(select_drift.execute());
    int repaired = 0;
    for (std::uint64_t row = 0; row < drift.count; ++row) {
        const char* name = drift[row].text(Drift::job_name);
        const char* expression = drift[row].text(Drift::expression);
        const char* found = drift[row].text(Drift::found);
        repaired += pg::try_in_subtransaction([=] { repair(name, expression, found); }) ? 1 : 0;
    }
    return repaired;
}

int remove_orphans() {
    const auto orphans = pg::keep_rows(select_orphans.execute());
    int removed = 0;
    for (std::uint64_t row = 0; row < orphans.count; ++row) {
        const Datum id = orphans[row].value(Orphan::job_id);
        const char* name = orphans[row].text(Orphan::job_name);
        const bool done = pg::try_in_subtransaction([=] {
            remove_orphan.execute(&id);
            report(name, "not ours");
        });
        removed += done ? 1 : 0;
    }
    return removed;
}

// One schedule that cannot run must not keep the others from running.
void run_due() {
    const TimestampTz now = GetCurrentTimestamp();
    const Datum limits[] = {TimestampTzGetDatum(now), TimestampTzGetDatum(now - late_us)};
    const auto due = pg::keep_rows(select_due.execute(limits));
    for (std::uint64_t row = 0; row < due.count; ++row) {
        const char* name = due[row].only_text();
        pg::try_in_subtransaction([=] { run_job(name, now); });
    }
}

// Returns how many jobs it has repaired.
int reconcile() {
    return has_pg_cron() ? repair_drift() + remove_orphans() : 0;
}

} // namespace

bool reconcile_task() {
    pg::OwnerSpi spi;
    reconcile();
    pg::try_in_subtransaction([] { watch_runs(); });
    spi.finish();
    return false;
}

bool due_task() {
    pg::OwnerSpi spi;
    run_due();
    spi.finish();
    return false;
}

HELIX_FUNCTION(helix_reconcile_cron) {
    pg::OwnerSpi spi;
    const int repaired = reconcile();
    run_due();
    spi.finish();
    PG_RETURN_INT32(repaired);
}

} // namespace helix::schedules
