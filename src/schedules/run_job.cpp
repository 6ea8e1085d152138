// Queues the runs of cron jobs that are due, and decides what becomes of missed ones.
#include "pg/prelude.hpp"

#include "schedules/run_job.hpp"

#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/times.hpp"
#include "pg/values.hpp"
#include "queue/enqueue.hpp"
#include "schedules/next_run.hpp"
#include "schedules/pg_cron.hpp"
#include "worker/worker.hpp"

#include <cstring>

namespace helix::schedules {

namespace {

constexpr std::int64_t longest_delay_us = USECS_PER_MINUTE; // a run that is later has been missed
constexpr int most_missed = 100;

// A user may hold the schedule in an open transaction. Then it runs later, and nobody waits: the worker looks for late
// ones each second.
pg::Statement lock_job(R"(
    SELECT id, user_id, operation_id, cron_expression, timezone, parameters, missed_runs, overlap, max_attempts,
           next_scheduled_at, run_as
      FROM helix_internal.operation_schedules
     WHERE pg_cron_name = $1 AND enabled AND schedule_type = 'cron'
       FOR NO KEY UPDATE SKIP LOCKED)",
                       {TEXTOID});
struct LockedJob {
    enum : int {
        id = 1,
        user_id,
        operation_id,
        cron_expression,
        timezone,
        parameters,
        missed_runs,
        overlap,
        max_attempts,
        next_scheduled_at,
        run_as
    };
};

pg::Statement set_next("UPDATE helix_internal.operation_schedules SET next_scheduled_at = $2 WHERE id = $1",
                       {UUIDOID, TIMESTAMPTZOID});

pg::Statement insert_skipped(R"(
    INSERT INTO helix_internal.schedule_executions
           (id, user_id, operation_id, schedule_id, execution_status, triggered_by, priority, attempt, run_at, scheduled_for,
            payload, error_message, created_at)
    VALUES ($1, $2, $3, $4, 'skipped', 'cron', 5, 0, $5, $5, $6, $7, pg_catalog.clock_timestamp()))",
                             {UUIDOID, UUIDOID, TEXTOID, UUIDOID, TIMESTAMPTZOID, JSONBOID, TEXTOID});

// A locked schedule; plain data in SPI's memory.
struct Job {
    pg_uuid_t id;
    pg_uuid_t user_id;
    Datum operation_id;
    const char* expression;
    const char* zone;
    Datum parameters;
    const char* missed_runs;
    const char* overlap;
    int max_attempts;
    TimestampTz next;
    const char* run_as;

    std::optional<TimestampTz> after(TimestampTz time) const { return next_run(expression, zone, time); }
};

std::optional<Job> lock(const char* job_name) {
    const Datum name = CStringGetTextDatum(cron_name(job_name));
    if (lock_job.execute(&name) == 0) {
        return std::nullopt;
    }
    bool never = false;
    const Datum next = pg::column(0, LockedJob::next_scheduled_at, &never);
    const auto text_of = [](int column) { return TextDatumGetCString(pg::column(0, column)); };
    return Job{.id = *DatumGetUUIDP(pg::column(0, LockedJob::id)),
               .user_id = *DatumGetUUIDP(pg::column(0, LockedJob::user_id)),
               .operation_id = pg::column(0, LockedJob::operation_id),
               .expression = text_of(LockedJob::cron_expression),
               .zone = text_of(LockedJob::timezone),
               .parameters = pg::column(0, LockedJob::parameters),
               .missed_runs = text_of(LockedJob::missed_runs),
               .overlap = text_of(LockedJob::overlap),
               .max_attempts = DatumGetInt32(pg::column(0, LockedJob::max_attempts)),
               .next = never ? DT_NOEND : DatumGetTimestampTz(next),
               .run_as = NameStr(*DatumGetName(pg::column(0, LockedJob::run_as)))};
}

void skip(const Job& job, TimestampTz due, const char* reason) {
    const pg_uuid_t id = pg::fresh_id();
    pg::Values values;
    values.add_uuid(&id).add_uuid(&job.user_id).add(job.operation_id).add_uuid(&job.id);
    values.add(TimestampTzGetDatum(due)).add(job.parameters).add_text(reason);
    insert_skipped.execute(values.values(), values.letters());
}

// Whether it has queued an execution. `in_turn`: it waits for the one before, whatever `overlap` says.
bool run(const Job& job, TimestampTz due, bool in_turn = false) {
    const bool busy = queue::has_unfinished(job.id);
    if (busy && !in_turn && strcmp(job.overlap, "skip") == 0) {
        skip(job, due, "skipped: the execution before is not finished");
        return false;
    }
    if (!queue::has_room(job.user_id, 1)) {
        skip(job, due, "skipped: helix.max_queued_per_user executions of the user wait or run");
        return false;
    }
    queue::NewExecution execution{.user_id = job.user_id, .operation_id = job.operation_id, .schedule_id = &job.id};
    execution.triggered_by = "cron";
    execution.max_attempts = job.max_attempts;
    execution.scheduled_for = due;
    execution.payload = job.parameters;
    execution.run_as = job.run_as;
    execution.has_room = true;
    execution.waits = busy && (in_turn || strcmp(job.overlap, "queue") == 0);
    queue::enqueue(execution);
    return true;
}

// Where the schedule wants all of them. They run one after the other.
int run_missed(const Job& job, TimestampTz punctual) {
    if (strcmp(job.missed_runs, "all") != 0) {
        return 0;
    }
    int count = 0;
    for (std::optional<TimestampTz> due = job.next; due && *due < punctual && count < most_missed;
         due = job.after(*due)) {
        count += run(job, *due, true) ? 1 : 0;
    }
    if (count == most_missed) {
        ereport(LOG, (errmsg("helix catches up on the first %d missed runs of a schedule and leaves out the rest",
                             most_missed),
                      errdetail("The schedule's expression is \"%s\".", job.expression)));
    }
    return count;
}

// Where no run is punctual, one missed run may stand for all of them.
int run_punctual(const Job& job, TimestampTz punctual, TimestampTz now) {
    std::optional<TimestampTz> due = job.next >= punctual ? job.next : job.after(punctual - 1);
    if (!due || *due > now) {
        return strcmp(job.missed_runs, "one") == 0 && run(job, job.next) ? 1 : 0;
    }
    int count = 0;
    for (; due && *due <= now; due = job.after(*due)) {
        count += run(job, *due) ? 1 : 0;
    }
    return count;
}

} // namespace

// What was due before this time has been missed: it came before the server's start, or is too late. A run by seconds is
// too late when the next one is due.
TimestampTz first_punctual(const Job& job, TimestampTz now) {
    const auto seconds = interval_of(job.expression);
    const TimestampTz earliest = now - (seconds ? *seconds * USECS_PER_SEC - 1 : longest_delay_us);
    const TimestampTz start = worker::serving_since();
    return start > now ? earliest : std::max(earliest, start); // the clock may have gone back
}

int run_job(const char* job_name, TimestampTz now) {
    const auto job = lock(job_name);
    if (!job || job->next > now) {
        return 0;
    }
    const TimestampTz punctual = first_punctual(*job, now);
    int count = run_missed(*job, punctual);
    count += run_punctual(*job, punctual, now);
    const auto next = job->after(now);
    const Datum values[] = {UUIDPGetDatum(&job->id), TimestampTzGetDatum(next.value_or(DT_NOEND))};
    set_next.execute(values);
    return count;
}

HELIX_FUNCTION(helix_run_job) {
    struct Argument {
        enum : int { job_name, now };
    };
    const char* name = TextDatumGetCString(pg::required(fcinfo, Argument::job_name, "p_job_name"));
    const Datum given = pg::required(fcinfo, Argument::now, "p_now");
    const TimestampTz now = pg::checked_time(DatumGetTimestampTz(given), "p_now");
    pg::OwnerSpi spi;
    const int count = run_job(name, now);
    spi.finish();
    PG_RETURN_INT32(count);
}

} // namespace helix::schedules
