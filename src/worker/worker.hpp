// Owns: what runs in the background. One launcher per server starts one worker per database of helix.databases; a
// worker runs the tasks that features add, each in a transaction of its own. Features use this header alone.
#pragma once

struct BackgroundWorkerHandle;

namespace helix::worker {

struct Task {
    const char* name;
    const int* interval_ms;        // pause between two runs; null: only run_elsewhere() runs it
    const int* wake_after;         // arrivals that start it at once; null: only the interval does
    bool (*run)();                 // in a transaction, as superuser; true where more is left to do at once
    bool own_transactions = false; // it begins and ends transactions itself; for start_elsewhere() only
};

// Registers a task; called by features' initialize() only.
void add_task(const Task& task);

// Shared memory, launcher and hooks; called once, by _PG_init, after the features.
void initialize();

// Tells this database's worker that work has come in; wakes it when a task's wake_after is reached. Never blocks or
// raises.
void count_arrivals(int count) noexcept;

// Runs a task now in another process, in a transaction of its own that is finished on return: what it makes is there
// for everybody, not only once the caller commits. Waits some ms, at most about 5 s; false where no process could be
// had. The caller must not hold locks that the task wants; the task gives up after 2 s if he does.
bool run_elsewhere(const char* task);

// Starts a task in another process and does not wait; null where no process could be had. The process ends when the
// task returns; it must do so soon after this database's worker has left (worker_has_left()), for then the database is
// wanted.
BackgroundWorkerHandle* start_elsewhere(const char* task);
bool worker_has_left();

} // namespace helix::worker
