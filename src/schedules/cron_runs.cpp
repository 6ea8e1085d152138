// Whether pg_cron's runs of helix's jobs succeed: helix.cron_status() and the worker's watch.
#include "pg/prelude.hpp"

#include "schedules/cron_runs.hpp"

#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "schedules/pg_cron.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
}

namespace helix::schedules {

namespace {

// Reads the latest 200 runs of all jobs, not of helix's alone: pg_cron keeps every run, and has an index on runid only.
pg::Statement select_state(R"(
    WITH own AS (
        SELECT j.jobid FROM cron.job j
         WHERE j.username = CURRENT_USER AND j.database = pg_catalog.current_database()
           AND j.command LIKE 'SELECT helix_internal.run_job(%'),
    latest AS MATERIALIZED (
        SELECT d.jobid, d.runid, d.status, d.return_message, COALESCE(d.end_time, d.start_time) AS ended_at
          FROM cron.job_run_details d ORDER BY d.runid DESC LIMIT 200),
    runs AS (
        SELECT l.*, pg_catalog.row_number() OVER (PARTITION BY l.jobid ORDER BY l.runid DESC) AS age
          FROM latest l JOIN own USING (jobid) WHERE l.status IN ('succeeded', 'failed'))
    SELECT (SELECT pg_catalog.count(*) FROM own)::integer,
           (pg_catalog.count(*) FILTER (WHERE r.age = 1 AND r.status = 'failed'))::integer,
           pg_catalog.max(r.ended_at) FILTER (WHERE r.status = 'succeeded'),
           pg_catalog.max(r.ended_at) FILTER (WHERE r.status = 'failed'),
           (pg_catalog.array_agg(r.return_message ORDER BY r.runid DESC) FILTER (WHERE r.status = 'failed'))[1]
      FROM runs r)");

struct State {
    enum : int { jobs = 1, failing_jobs, last_succeeded_at, last_failed_at, last_failure };
};

} // namespace

bool has_runs() {
    const Oid schema = get_namespace_oid("cron", true);
    return has_pg_cron() && OidIsValid(schema) && OidIsValid(get_relname_relid("job_run_details", schema));
}

void watch_runs() {
    static bool failing = false;
    if (!has_runs()) {
        return;
    }
    select_state.execute();
    const int count = DatumGetInt32(pg::column(0, State::failing_jobs));
    if (failing == (count > 0)) {
        return;
    }
    failing = count > 0;
    if (failing) {
        const char* what = pg::keep_rows(1)[0].text(State::last_failure);
        ereport(LOG, (errmsg("pg_cron's runs of helix's jobs fail"),
                      errdetail("The latest runs of %d of %d jobs failed: %s.", count,
                                DatumGetInt32(pg::column(0, State::jobs)), what == nullptr ? "no reason given" : what),
                      errhint("Where pg_cron cannot connect, set cron.use_background_workers = on and raise "
                              "max_worker_processes. Until then helix's worker runs what is due some 5 s late.")));
    } else {
        ereport(LOG, (errmsg("pg_cron's runs of helix's jobs succeed again")));
    }
}

HELIX_FUNCTION(helix_cron_status) {
    TupleDesc columns = pg::result_columns(fcinfo);
    const MemoryContext memory = CurrentMemoryContext;
    pg::Values values;
    pg::OwnerSpi spi;
    const bool known = has_runs();
    values.add(BoolGetDatum(has_pg_cron()));
    if (known) {
        select_state.read();
    }
    for (int number = State::jobs; number <= State::last_failure; ++number) {
        bool is_null = true;
        const Datum value = known ? pg::column(0, number, &is_null) : 0;
        values.add(value, is_null);
    }
    const MemoryContext own = MemoryContextSwitchTo(memory);
    const Datum row = values.row(columns);
    MemoryContextSwitchTo(own);
    spi.finish();
    PG_RETURN_DATUM(row);
}

} // namespace helix::schedules
