#include "pg/prelude.hpp"

#include "schedules/reconcile.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "schedules/cron_runs.hpp"
#include "schedules/pg_cron.hpp"
#include "schedules/run_job.hpp"

namespace helix::schedules {

namespace {

constexpr std::int64_t late_us = 5 * USECS_PER_SEC; // pg_cron has had its chance

pg::Statement select_drift(
    "SELECT s.job_name, s.pg_cron_expression, CASE WHEN j.jobid IS NULL THEN 'missing' WHEN NOT j.active "
    "THEN 'switched off' ELSE 'changed' END FROM helix_internal.operation_schedules s LEFT JOIN cron.job j "
    "ON j.jobname = s.pg_cron_name AND j.username = CURRENT_USER WHERE s.schedule_type = 'cron' AND s.enabled AND "
    "(j.jobid IS NULL OR NOT j.active "
    "OR j.schedule <> s.pg_cron_expression OR j.database <> pg_catalog.current_database() "
    "OR j.command <> 'SELECT helix_internal.run_job(' || pg_catalog.quote_literal(s.job_name) || ')')");
pg::Statement select_orphans("SELECT j.jobid, COALESCE(j.jobname, 'job ' || j.jobid) FROM cron.job j WHERE j.username "
                             "= CURRENT_USER AND j.database = pg_catalog.current_database() "
                             "AND j.command LIKE 'SELECT helix_internal.run_job(%' AND NOT EXISTS (SELECT "
                             "FROM helix_internal.operation_schedules s WHERE s.schedule_type = 'cron' AND s.enabled "
                             "AND s.pg_cron_name = j.jobname)");
pg::Statement remove_changed("DELETE FROM cron.job WHERE jobname = $1 AND username = CURRENT_USER", {TEXTOID});
pg::Statement remove_orphan("SELECT cron.unschedule($1)", {INT8OID});
pg::Statement report("WITH old AS (DELETE FROM helix_internal.cron_job_repairs WHERE id <= (SELECT pg_catalog.max(id) "
                     "FROM helix_internal.cron_job_repairs) - 999) "
                     "INSERT INTO helix_internal.cron_job_repairs (job_name, found) VALUES ($1, $2)",
                     {TEXTOID, TEXTOID});
// pg_cron is told of no seconds: those are the worker's.
pg::Statement select_due("SELECT job_name FROM helix_internal.operation_schedules WHERE enabled "
                         "AND schedule_type = 'cron' AND next_scheduled_at <= $1 "
                         "AND (next_scheduled_at < $2 OR cron_expression ILIKE '%second%')",
                         {TIMESTAMPTZOID, TIMESTAMPTZOID});

void tell(const char* name, const char* found) {
    const Datum values[] = {CStringGetTextDatum(name), CStringGetTextDatum(found)};
    report.execute(values);
    ereport(LOG, (errmsg("helix repaired pg_cron's job \"%s\": it was %s", name, found)));
}

void repair(const char* name, const char* expression, const char* found) {
    if (strcmp(found, "changed") == 0) {
        const Datum job = CStringGetTextDatum(cron_name(name));
        remove_changed.execute(&job); // its command may no longer look like ours
    }
    put_job(name, expression);
    tell(cron_name(name), found);
}

char* text_of(SPITupleTable* table, std::uint64_t row, int number) {
    return SPI_getvalue(table->vals[row], table->tupdesc, number);
}

int repair_drift() {
    const auto rows = select_drift.execute();
    SPITupleTable* drift = SPI_tuptable;
    int repaired = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
        const char* name = text_of(drift, row, 1);
        const char* expression = text_of(drift, row, 2);
        const char* found = text_of(drift, row, 3);
        repaired += pg::try_in_subtransaction([=] { repair(name, expression, found); }) ? 1 : 0;
    }
    return repaired;
}

int remove_orphans() {
    const auto rows = select_orphans.execute();
    SPITupleTable* orphans = SPI_tuptable;
    int removed = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
        bool is_null = false;
        const Datum id = SPI_getbinval(orphans->vals[row], orphans->tupdesc, 1, &is_null);
        const char* name = text_of(orphans, row, 2);
        removed += pg::try_in_subtransaction([=] {
            remove_orphan.execute(&id);
            tell(name, "not ours");
        })
                       ? 1
                       : 0;
    }
    return removed;
}

// One schedule that cannot run must not keep the others from running.
void run_due() {
    const TimestampTz now = GetCurrentTimestamp();
    const Datum limits[] = {TimestampTzGetDatum(now), TimestampTzGetDatum(now - late_us)};
    const auto rows = select_due.execute(limits);
    SPITupleTable* due = SPI_tuptable;
    for (std::uint64_t row = 0; row < rows; ++row) {
        const char* name = text_of(due, row, 1);
        pg::try_in_subtransaction([=] { run_job(name, now); });
    }
}

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
