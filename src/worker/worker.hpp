// Owns: what runs in the background. One launcher per server starts one worker per database of helix.databases. A
// worker runs the tasks that features add, each in a transaction of its own. Features use this header alone.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

struct BackgroundWorkerHandle;

namespace helix::worker {

struct Task {
    const char* name;
    const int* interval_ms;        // pause between two runs; null: only run_elsewhere() runs it
    const int* wake_after;         // number of arrivals that starts it at once; null: none does
    bool (*run)();                 // in a transaction, as superuser; true where more is left to do at once
    bool own_transactions = false; // it begins and ends transactions itself; for start_elsewhere() only
};

// Registers a task; called by features' initialize() only.
void add_task(const Task& task);

// Asks for shared memory, and registers launcher and hooks. Called once, by _PG_init, after the features.
void initialize();

// Tells this database's worker that work has come in, and wakes it once that is enough for a task's wake_after. Never
// blocks or raises.
void count_arrivals(int count) noexcept;

// Since when the server has taken writes without a break: since its start, its recovery or its promotion. What was due
// before, it has missed.
TimestampTz serving_since();

// Runs a task now in another process, in a transaction of its own that has ended on return. So everybody sees what the
// task has made before the caller commits. Takes some ms, at most about 5 s; false where no process could be had. The
// caller must not hold locks that the task wants: it gives up after 2 s.
bool run_elsewhere(const char* task);

// Starts a task in another process and does not wait; null where no process could be had. The process ends when the
// task returns. That must be soon after this database's worker has left (worker_has_left()): then somebody wants the
// database.
BackgroundWorkerHandle* start_elsewhere(const char* task);
bool worker_has_left();

} // namespace helix::worker
