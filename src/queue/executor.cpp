// Starts executors, and runs in each of them one handler after the other in a transaction of its own.
#include "pg/prelude.hpp"

#include "queue/executor.hpp"

#include "config.hpp"
#include "pg/background_process.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "queue/handler.hpp"
#include "queue/pauses.hpp"
#include "queue/queue_planning.hpp"
#include "queue/running_handlers.hpp"
#include "queue/waiters.hpp"
#include "worker/worker.hpp"

extern "C" {
#include "commands/discard.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
}

namespace helix::queue {

namespace {

constexpr int most_executors = 64;
constexpr long look_again_ms = 1000;
constexpr std::int64_t idle_us = 30 * USECS_PER_SEC; // after which the process leaves

pg::Statement select_waiting(R"(
    SELECT FROM helix.operations o
     WHERE o.handler IS NOT NULL
       AND EXISTS (SELECT FROM helix_internal.queue q
                    WHERE q.operation_id = o.operation_id AND q.turn IS NOT NULL AND NOT q.running)
     LIMIT 1)");

BackgroundWorkerHandle* handles[most_executors];

bool is_over(BackgroundWorkerHandle* handle) {
    pid_t pid = 0;
    return handle == nullptr || GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED;
}

void begin_transaction() {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
}

void end_transaction() {
    PopActiveSnapshot();
    CommitTransactionCommand();
    pgstat_report_stat(false);
}

double random_seed() {
    std::uint64_t bits = 0;
    if (!pg_strong_random(&bits, sizeof(bits))) {
        elog(ERROR, "could not get random bytes");
    }
    return static_cast<double>(bits) / static_cast<double>(PG_UINT64_MAX) * 2 - 1;
}

// Discards what a job leaves in the session: settings, advisory locks, prepared statements, sequences' last values, the
// seed of random(). The next job begins as in a fresh session. An error here ends the process while no job uses it.
void begin_anew() {
    DiscardStmt all{};
    all.type = T_DiscardStmt;
    all.target = DISCARD_ALL;
    begin_transaction();
    DiscardCommand(&all, true);
    DirectFunctionCall1(setseed, Float8GetDatum(random_seed()));
    end_transaction();
}

// Runs `work` in a transaction of its own. Returns the error that has ended it, in the caller's memory; null: none has.
template <typename Work>
const ErrorData* error_of(Work work) {
    const MemoryContext memory = CurrentMemoryContext;
    const ErrorData* volatile error = nullptr;
    PG_TRY();
    {
        begin_transaction();
        work();
        end_transaction();
    }
    PG_CATCH();
    {
        end_interruptible();
        MemoryContextSwitchTo(memory);
        error = CopyErrorData();
        FlushErrorState();
        pg::hold_interrupts();
        disable_all_timeouts(false); // else what is left of one would end the process later
        AbortCurrentTransaction();
        pg::resume_interrupts();
    }
    PG_END_TRY();
    QueryCancelPending = false; // what came too late to interrupt the work
    MemoryContextSwitchTo(memory);
    return error;
}

// An error here does not end the process either; the attempt ends with its lease. That the execution has ended, or is
// another worker's by now, is no news.
void report(const ClaimedJob& job, const ErrorData* failure) {
    const char* text = psprintf("%s (%s)", failure->message, unpack_sql_state(failure->sqlerrcode));
    const ErrorData* error = error_of([&job, text] { report_failure(job, text); });
    if (error != nullptr && error->sqlerrcode != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE) {
        ereport(LOG, (errmsg("helix could not note that a handler has failed: %s", error->message),
                      errdetail("The handler's error is: %s.", text)));
    }
}

// An error ends the attempt, not the process.
void run_claimed(const ClaimedJob& job) {
    const ErrorData* error = error_of([&job] { run_handler(job); });
    begin_anew();
    if (error != nullptr && !was_ended()) {
        report(job, error);
    }
    end_job();
}

// False where nothing is due.
bool run_next(MemoryContext memory) {
    MemoryContextReset(memory);
    begin_transaction();
    const MemoryContext own = MemoryContextSwitchTo(memory);
    const ClaimedJob* job = pg::extension_exists() ? claim_job() : nullptr;
    MemoryContextSwitchTo(own);
    if (job != nullptr) {
        begin_job(job->id);
    }
    end_transaction();
    if (job == nullptr) {
        return false;
    }
    MemoryContextSwitchTo(memory);
    pgstat_report_activity(STATE_RUNNING, "handler");
    run_claimed(*job);
    pgstat_report_activity(STATE_IDLE, nullptr);
    return true;
}

} // namespace

bool executors_task() {
    pg::OwnerSpi spi;
    plan_by_index();
    const bool waiting = config::executors > 0 && !all_is_paused() && select_waiting.execute() > 0;
    spi.finish();
    const MemoryContext own = MemoryContextSwitchTo(TopMemoryContext); // handles outlive the transaction
    for (int i = 0; waiting && i < config::executors; ++i) {
        if (is_over(handles[i])) {
            if (handles[i] != nullptr) {
                pfree(handles[i]);
            }
            handles[i] = worker::start_elsewhere(executor_errand);
            break; // one more each second, while something waits
        }
    }
    MemoryContextSwitchTo(own);
    return false;
}

bool run_executor() {
    register_executor();
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    SetConfigOption("row_security", "on", PGC_SUSET, PGC_S_OVERRIDE); // handlers run as other roles
    SetConfigOption("lock_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
    MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "helix executor", ALLOCSET_DEFAULT_SIZES);
    TimestampTz leave_at = GetCurrentTimestamp() + idle_us;
    while (GetCurrentTimestamp() < leave_at && !worker::worker_has_left()) {
        CHECK_FOR_INTERRUPTS();
        pg::reload_if_asked();
        begin_waiting(handled_operations().keys, handled_operations().count);
        if (run_next(memory)) {
            leave_at = GetCurrentTimestamp() + idle_us;
        } else {
            wait_until_woken(look_again_ms);
        }
        end_waiting();
    }
    return false;
}

} // namespace helix::queue
