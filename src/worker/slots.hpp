// Owns: the shared memory in which the launcher, the workers and other backends see the state of each database's
// worker. Used within worker/ only.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
}

namespace helix::worker {

constexpr int max_databases = 64;

// One database of helix.databases. Fields need the lock unless they say otherwise.
struct Slot {
    char database[NAMEDATALEN]; // empty: the slot is free
    bool wanted;                // named by helix.databases
    Oid database_oid;           // set by the worker once it is connected
    pid_t pid;                  // 0: no worker runs
    Latch* latch;               // the worker's, while pid is set
    TimestampTz start_after;    // the launcher starts no worker before this
    TimestampTz paused_until;   // nor before this; a worker that it has started already leaves again
    int failures;               // starts in a row that ended without a connection
    pg_atomic_uint32 arrivals;  // rows since the last run of a task that counts them; no lock
    char last_error[512];       // of the task that failed last, until it has run without an error
    TimestampTz last_error_at;
    const char* failed_task; // its name, the same in all processes
};

struct Shared {
    LWLock* lock;
    Latch* launcher;
    TimestampTz serving_since; // see worker.hpp; 0: nobody has asked yet
    Slot slots[max_databases];
    char edge_verifier[256]; // SCRAM, of the password that helix-edge gets next; needs the lock
    int edge_outcome;        // an EdgeRole; needs the lock
};

// Called while the module is preloaded.
void initialize_shared_memory();

Shared& shared();

// The slot of a database; null where it has none. Needs the lock.
Slot* find_slot(const char* database);
Slot* find_slot(Oid database);

} // namespace helix::worker
