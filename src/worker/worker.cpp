// The worker of a database: runs the tasks that features have added, when they are due.
#include "pg/prelude.hpp"

#include "worker/worker.hpp"

#include "config.hpp"
#include "pg/background_process.hpp"
#include "pg/error_text.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "worker/drop_database.hpp"
#include "worker/errand.hpp"
#include "worker/launcher.hpp"
#include "worker/slots.hpp"

#include <climits>
#include <cstring>

extern "C" {
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"
}

namespace helix::worker {

namespace {

constexpr int max_tasks = 24;
constexpr int retry_after_error_ms = 1000;
constexpr const char* task_lock_timeout = "500ms"; // a lock that somebody keeps puts off one task, not the worker

struct Scheduled {
    Task task;
    TimestampTz ran_at;
    int least_pause_ms; // after an error
    bool more;          // is left to do at once

    // Computed anew each time, so that an interval which a reload has changed counts at once.
    TimestampTz due() const {
        return more ? 0 : ran_at + std::max(least_pause_ms, *task.interval_ms) * INT64CONST(1000);
    }
};
Scheduled tasks[max_tasks];
int task_count = 0;
Slot* own_slot = nullptr;

// Called when PostgreSQL no longer counts this process among those of the database: it is registered before connecting
// registers its own. DROP DATABASE waits for that moment, and with FORCE it must not find the process.
void leave_slot(int, Datum) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    own_slot->pid = 0;
    own_slot->latch = nullptr;
    if (!own_slot->wanted) {
        own_slot->database[0] = '\0';
    }
    Latch* launcher = memory.launcher;
    LWLockRelease(memory.lock);
    if (launcher != nullptr) {
        SetLatch(launcher);
    }
}

// Takes the database's slot. False where another worker has it, or where a statement has wanted the database since the
// launcher started this worker.
bool take_slot(int index) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    own_slot = &memory.slots[index];
    const bool free = own_slot->pid == 0 && own_slot->wanted && own_slot->paused_until <= GetCurrentTimestamp();
    if (free) {
        own_slot->pid = MyProcPid;
        own_slot->latch = MyLatch;
    }
    LWLockRelease(memory.lock);
    if (free) {
        on_shmem_exit(leave_slot, 0);
    }
    return free;
}

void report_connected() {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    own_slot->database_oid = MyDatabaseId;
    own_slot->failures = 0;
    own_slot->start_after = GetCurrentTimestamp() + USECS_PER_SEC; // should it end, it rests for a second
    LWLockRelease(memory.lock);
}

void remember_error(const Task& task, const ErrorData* error) {
    auto& memory = shared();
    const char* text = psprintf("%s: %s", task.name, error->message);
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    pg::copy_error(own_slot->last_error, sizeof(own_slot->last_error), text);
    own_slot->last_error_at = GetCurrentTimestamp();
    own_slot->failed_task = task.name;
    LWLockRelease(memory.lock);
}

// The task works again.
void forget_error(const Task& task) {
    if (own_slot->failed_task != task.name) { // this process alone writes it
        return;
    }
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    own_slot->last_error[0] = '\0';
    own_slot->failed_task = nullptr;
    LWLockRelease(memory.lock);
}

void run_in_transaction(Scheduled& scheduled) {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    bool more = false;
    if (pg::extension_exists()) {
        pgstat_report_activity(STATE_RUNNING, scheduled.task.name);
        more = scheduled.task.run();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    pgstat_report_stat(true);
    pgstat_report_activity(STATE_IDLE, nullptr);
    forget_error(scheduled.task);
    scheduled.ran_at = GetCurrentTimestamp();
    scheduled.least_pause_ms = 0;
    scheduled.more = more;
}

// Runs a task; an error ends its transaction, not the worker.
void run(Scheduled& scheduled) {
    const MemoryContext context = CurrentMemoryContext;
    PG_TRY();
    {
        pg::enter_callback([&] { run_in_transaction(scheduled); });
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData* error = CopyErrorData();
        pg::hold_interrupts();
        EmitErrorReport();
        FlushErrorState();
        AbortCurrentTransaction();
        pgstat_report_activity(STATE_IDLE, nullptr);
        remember_error(scheduled.task, error);
        FreeErrorData(error);
        pg::resume_interrupts();
        scheduled.ran_at = GetCurrentTimestamp();
        scheduled.least_pause_ms = retry_after_error_ms;
        scheduled.more = false;
    }
    PG_END_TRY();
}

bool is_due(const Scheduled& scheduled, TimestampTz now, std::uint32_t arrivals) {
    return scheduled.due() <= now ||
           (scheduled.task.wake_after != nullptr && arrivals >= static_cast<std::uint32_t>(*scheduled.task.wake_after));
}

void run_due_tasks() {
    for (int i = 0; i < task_count; ++i) {
        auto& scheduled = tasks[i];
        if (scheduled.task.interval_ms != nullptr &&
            is_due(scheduled, GetCurrentTimestamp(), pg_atomic_read_u32(&own_slot->arrivals))) {
            if (scheduled.task.wake_after != nullptr) {
                pg_atomic_write_u32(&own_slot->arrivals, 0);
            }
            run(scheduled);
            CHECK_FOR_INTERRUPTS();
        }
    }
}

long ms_until_next() {
    const TimestampTz now = GetCurrentTimestamp();
    long sleep_ms = 60'000;
    for (int i = 0; i < task_count; ++i) {
        if (tasks[i].task.interval_ms == nullptr) {
            continue;
        }
        sleep_ms = std::min(sleep_ms, TimestampDifferenceMilliseconds(now, tasks[i].due()));
    }
    return sleep_ms;
}

} // namespace

void configure_session() {
    const auto set = [](const char* name, const char* value) {
        SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
    };
    set("search_path", "pg_catalog, pg_temp");
    set("jit", "off"); // tasks are many and short
    set("statement_timeout", "0");
    set("lock_timeout", task_lock_timeout);
    set("idle_in_transaction_session_timeout", "0");
    set("default_transaction_isolation", "read committed"); // folding needs a fresh snapshot for each statement
    set("default_transaction_read_only", "off");
    set("row_security", "off");
}

namespace {

void run_worker(int index) {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    if (!take_slot(index)) {
        proc_exit(0);
    }
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(own_slot->database, nullptr, 0);
    report_connected();
    configure_session();
    for (;;) {
        run_due_tasks();
        const long sleep_ms = ms_until_next();
        if (sleep_ms > 0) {
            pg::wait_for_latch(sleep_ms);
        }
        CHECK_FOR_INTERRUPTS(); // takes part in barriers such as DROP DATABASE's
        pg::reload_if_asked();
    }
}

std::uint32_t least_wake_after() {
    int least = INT_MAX;
    for (int i = 0; i < task_count; ++i) {
        if (tasks[i].task.wake_after != nullptr) {
            least = std::min(least, *tasks[i].task.wake_after);
        }
    }
    return static_cast<std::uint32_t>(least);
}

} // namespace

void add_task(const Task& task) {
    if (task_count == max_tasks) {
        elog(ERROR, "too many helix worker tasks");
    }
    tasks[task_count++] = {task, 0, 0, true};
}

const Task* find_task(const char* name) {
    for (int i = 0; i < task_count; ++i) {
        if (strcmp(tasks[i].task.name, name) == 0) {
            return &tasks[i].task;
        }
    }
    return nullptr;
}

void initialize() {
    initialize_shared_memory();
    initialize_drop_database();
    if (!IsBinaryUpgrade) { // pg_upgrade wants nobody to write
        register_launcher();
    }
}

void count_arrivals(int count) noexcept {
    // Without the lock: at worst a hint is lost, and the worker looks by itself when its task is due.
    static Slot* slot = nullptr;
    if (slot == nullptr || slot->database_oid != MyDatabaseId) {
        slot = find_slot(MyDatabaseId);
    }
    if (slot == nullptr || count == 0) {
        return;
    }
    const auto limit = least_wake_after();
    const auto before = pg_atomic_fetch_add_u32(&slot->arrivals, count);
    if (before < limit && before + static_cast<std::uint32_t>(count) >= limit) {
        if (Latch* latch = slot->latch) {
            SetLatch(latch);
        }
    }
}

} // namespace helix::worker

extern "C" {
PGDLLEXPORT void helix_worker_main(Datum argument);

void helix_worker_main(Datum argument) {
    helix::pg::enter_callback([argument] { helix::worker::run_worker(DatumGetInt32(argument)); });
}
}
