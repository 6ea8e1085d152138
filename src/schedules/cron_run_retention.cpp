// Removes rows of cron.job_run_details, of helix's jobs alone.
#include "pg/prelude.hpp"

#include "schedules/cron_run_retention.hpp"

#include "config.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/times.hpp"
#include "schedules/cron_runs.hpp"

namespace helix::schedules {

namespace {

constexpr std::uint64_t at_a_time = 5000;   // as the statement says
constexpr const char* lock_timeout = "5ms"; // whoever may delete runs may lock the table

// A run that could not connect has no time: it goes once 10,000 others have followed.
pg::Statement forget_runs(R"(
    DELETE FROM cron.job_run_details
     WHERE runid = ANY (ARRAY(
           SELECT d.runid
             FROM cron.job_run_details d
            WHERE d.command LIKE 'SELECT helix_internal.run_job(%' AND d.username = CURRENT_USER
              AND d.database = pg_catalog.current_database() AND d.status IN ('succeeded', 'failed')
              AND (COALESCE(d.end_time, d.start_time) < $1
                   OR (COALESCE(d.end_time, d.start_time) IS NULL
                       AND d.runid < (SELECT pg_catalog.max(l.runid) FROM cron.job_run_details l) - 10000))
            LIMIT 5000
              FOR UPDATE SKIP LOCKED)))",
                          {TIMESTAMPTZOID});

} // namespace

bool cron_run_retention_task() {
    if (config::cron_run_retention_s == 0 || !has_runs()) {
        return false;
    }
    const Datum limit = TimestampTzGetDatum(pg::seconds_ago(config::cron_run_retention_s));
    std::uint64_t forgotten = 0;
    pg::OwnerSpi spi;
    const bool done = pg::try_for_lock(lock_timeout, [&forgotten, limit] { forgotten = forget_runs.execute(&limit); });
    spi.finish();
    return done && forgotten == at_a_time;
}

} // namespace helix::schedules
