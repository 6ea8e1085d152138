// The executors' jobs in shared memory, and the signals that interrupt them.
#include "pg/prelude.hpp"

#include "queue/running_handlers.hpp"

#include "pg/shared_memory.hpp"
#include "pg/uuid.hpp"

#include <csignal>

extern "C" {
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
}

namespace helix::queue {

namespace {

// An executor. Its process alone writes all but `ended`.
struct Executor {
    pg_atomic_uint32 process; // its id; 0: nobody has the entry
    pg_atomic_uint64 job;     // the number of the job that it runs; 0: none
    pg_atomic_uint64 ended;   // the highest number of a job whose execution somebody else has ended
    std::uint64_t last_job;
    pg_uuid_t execution; // of the job
};

Executor* executors = nullptr; // max_worker_processes of them, as each is such a process
Executor* own = nullptr;
volatile std::sig_atomic_t interruptible = 0;

// An execution that this transaction has ended while an executor runs it.
struct Ended {
    pg_uuid_t execution;
    SubTransactionId subtransaction;
};
Ended* ended = nullptr; // in the transaction's memory
int ended_count = 0;
int ended_room = 0;

void attach(void* memory, LWLock*, bool) {
    executors = static_cast<Executor*>(memory); // an atomic is all zeros at first
}

constexpr pg::SharedArea area = {
    "helix executors", [] { return sizeof(Executor) * static_cast<std::size_t>(max_worker_processes); }, attach};

// The number of the job in which the executor runs the execution; 0 where it does not.
std::uint64_t job_of(Executor& executor, const pg_uuid_t& execution) noexcept {
    const std::uint64_t job = pg_atomic_read_u64(&executor.job);
    pg_read_barrier();
    const bool same = job != 0 && pg::same_uuid(executor.execution, execution);
    pg_read_barrier();
    return same && pg_atomic_read_u64(&executor.job) == job ? job : 0;
}

void note_ended(Executor& executor, std::uint64_t job) noexcept {
    std::uint64_t before = pg_atomic_read_u64(&executor.ended);
    while (before < job && !pg_atomic_compare_exchange_u64(&executor.ended, &before, job)) {
    }
}

// At a commit nothing may fail: atomics and signals, nothing else.
void interrupt(const pg_uuid_t& execution) noexcept {
    for (int i = 0; i < max_worker_processes; ++i) {
        auto& executor = executors[i];
        const std::uint64_t job = job_of(executor, execution);
        const auto process = static_cast<pid_t>(pg_atomic_read_u32(&executor.process));
        if (job != 0 && process != 0 && &executor != own) {
            note_ended(executor, job);
            kill(process, SIGUSR2);
        }
    }
}

void forget_ended() {
    ended = nullptr;
    ended_count = 0;
    ended_room = 0;
}

void on_transaction_event(XactEvent event, void*) {
    switch (event) {
    case XACT_EVENT_COMMIT:
        for (int i = 0; i < ended_count; ++i) {
            interrupt(ended[i].execution);
        }
        forget_ended();
        break;
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE:
        forget_ended();
        break;
    default:
        break;
    }
}

// What a subtransaction has ended is ended by the one around it when it commits, and runs on when it aborts.
void on_subtransaction_event(SubXactEvent event, SubTransactionId self, SubTransactionId parent, void*) {
    if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB) {
        return;
    }
    int kept = 0;
    for (int i = 0; i < ended_count; ++i) {
        if (ended[i].subtransaction != self) {
            ended[kept++] = ended[i];
        } else if (event == SUBXACT_EVENT_COMMIT_SUB) {
            ended[kept++] = {ended[i].execution, parent};
        }
    }
    ended_count = kept;
}

void interrupt_here(SIGNAL_ARGS) {
    if (interruptible != 0) {
        StatementCancelHandler(postgres_signal_arg);
    }
}

void interrupt_where_ended(SIGNAL_ARGS) {
    if (was_ended()) {
        interrupt_here(postgres_signal_arg);
    }
}

void leave_entry(int, Datum) {
    pg_atomic_write_u64(&own->job, 0);
    pg_atomic_write_u32(&own->process, 0);
}

bool is_handled_elsewhere(const pg_uuid_t& execution) {
    for (int i = 0; i < max_worker_processes; ++i) {
        if (&executors[i] != own && job_of(executors[i], execution) != 0) {
            return true;
        }
    }
    return false;
}

} // namespace

void initialize_running_handlers() {
    pg::request_shared_area(area);
    RegisterXactCallback(on_transaction_event, nullptr);
    RegisterSubXactCallback(on_subtransaction_event, nullptr);
}

void register_executor() {
    for (int i = 0; i < max_worker_processes && own == nullptr; ++i) {
        std::uint32_t nobody = 0;
        if (pg_atomic_compare_exchange_u32(&executors[i].process, &nobody, static_cast<std::uint32_t>(MyProcPid))) {
            own = &executors[i];
        }
    }
    if (own == nullptr) {
        elog(ERROR, "there are more executors than max_worker_processes");
    }
    before_shmem_exit(leave_entry, 0);
    pqsignal(SIGINT, interrupt_here); // of pg_cancel_backend() and of time-outs
    pqsignal(SIGUSR2, interrupt_where_ended);
}

void begin_job(const pg_uuid_t& execution) {
    own->execution = execution;
    pg_write_barrier();
    pg_atomic_write_u64(&own->job, ++own->last_job);
}

void end_job() {
    pg_atomic_write_u64(&own->job, 0);
    pg_write_barrier(); // before the next job's execution is written
}

void begin_interruptible() {
    interruptible = 1;
    if (was_ended()) {
        interrupt_here(SIGUSR2);
    }
    CHECK_FOR_INTERRUPTS();
}

void end_interruptible() noexcept {
    interruptible = 0;
}

bool was_ended() {
    return pg_atomic_read_u64(&own->ended) == own->last_job;
}

void interrupt_handler_of(const pg_uuid_t& execution) {
    if (!is_handled_elsewhere(execution)) {
        return;
    }
    if (ended_count == ended_room) {
        const int room = std::max(8, 2 * ended_room);
        auto* more = static_cast<Ended*>(MemoryContextAlloc(TopTransactionContext, sizeof(Ended) * room));
        std::copy(ended, ended + ended_count, more);
        ended = more;
        ended_room = room;
    }
    ended[ended_count++] = {execution, GetCurrentSubTransactionId()};
}

} // namespace helix::queue
