// The launcher: keeps one worker running for each database of helix.databases, and helix-edge where that is wanted. It
// has no database connection.
#include "pg/prelude.hpp"

#include "worker/launcher.hpp"

#include "config.hpp"
#include "pg/background_process.hpp"
#include "pg/guard.hpp"
#include "worker/edge_watch.hpp"
#include "worker/slots.hpp"
#include "worker/worker.hpp"

#include <csignal>
#include <cstring>

extern "C" {
#include "storage/procsignal.h"
#include "utils/varlena.h"
}

namespace helix::worker {

namespace {

constexpr int longest_sleep_ms = 60'000;
constexpr int longest_backoff_s = 60;
constexpr int seconds_to_start = 5; // a worker that has not come up by then is tried again

// Gives the database a free slot; null where none is left. Needs the lock.
Slot* take_free_slot(const char* database) {
    for (auto& slot : shared().slots) {
        if (slot.database[0] == '\0') {
            strlcpy(slot.database, database, NAMEDATALEN);
            slot.database_oid = InvalidOid;
            slot.start_after = 0;
            slot.paused_until = 0;
            slot.failures = 0;
            slot.last_error[0] = '\0';
            return &slot;
        }
    }
    return nullptr;
}

// Marks the slots of these databases and no others as wanted; false where some have no slot. Needs the lock.
bool want_databases(const List* names) {
    for (auto& slot : shared().slots) {
        slot.wanted = false;
    }
    bool all = true;
    ListCell* cell = nullptr;
    foreach (cell, names) {
        const char* name = static_cast<const char*>(lfirst(cell));
        Slot* slot = find_slot(name);
        slot = slot != nullptr ? slot : take_free_slot(name);
        all = all && slot != nullptr;
        if (slot != nullptr) {
            slot->wanted = true;
        }
    }
    return all;
}

// Workers that are no longer wanted are told to stop; slots without one become free. Needs the lock.
void give_up_unwanted() {
    for (auto& slot : shared().slots) {
        if (slot.database[0] != '\0' && !slot.wanted) {
            if (slot.pid != 0) {
                kill(slot.pid, SIGTERM);
            } else {
                slot.database[0] = '\0';
            }
        }
    }
}

// Makes the slots those of helix.databases.
void read_databases() {
    char* names_text = pstrdup(config::databases);
    List* names = NIL;
    SplitIdentifierString(names_text, ',', &names);
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    const bool all = want_databases(names);
    give_up_unwanted();
    LWLockRelease(memory.lock);
    list_free(names);
    pfree(names_text);
    if (!all) {
        ereport(WARNING,
                (errmsg("helix.databases names more than %d databases; the rest get no worker", max_databases)));
    }
}

void start_worker(int index) {
    BackgroundWorker worker = pg::describe_child("helix worker", "helix_worker_main", Int32GetDatum(index));
    snprintf(worker.bgw_name, sizeof(worker.bgw_name), "helix worker for %s", shared().slots[index].database);
    if (!RegisterDynamicBackgroundWorker(&worker, nullptr)) {
        ereport(LOG, (errmsg("helix could not start a worker for database \"%s\"", shared().slots[index].database),
                      errhint("Raise max_worker_processes.")));
    }
}

// Starts the workers that are due, and returns the ms until the next one is.
long start_due_workers() {
    auto& memory = shared();
    const TimestampTz now = GetCurrentTimestamp();
    long sleep_ms = longest_sleep_ms;
    for (int i = 0; i < max_databases; ++i) {
        LWLockAcquire(memory.lock, LW_EXCLUSIVE);
        Slot& slot = memory.slots[i];
        const bool waiting = slot.wanted && slot.database[0] != '\0' && slot.pid == 0;
        const bool due = waiting && std::max(slot.start_after, slot.paused_until) <= now;
        if (due) {
            const int backoff_s = std::min(longest_backoff_s, seconds_to_start << std::min(slot.failures, 4));
            slot.start_after = now + backoff_s * USECS_PER_SEC;
            ++slot.failures; // until it reports that it is connected
        }
        if (waiting) {
            const TimestampTz start = std::max(slot.start_after, slot.paused_until);
            sleep_ms = std::min(sleep_ms, std::max(1L, TimestampDifferenceMilliseconds(now, start)));
        }
        LWLockRelease(memory.lock);
        if (due) {
            start_worker(i);
        }
    }
    return sleep_ms;
}

void forget_launcher(int, Datum) {
    shared().launcher = nullptr;
}

void run_launcher() {
    begin_edge_watch();
    pg::begin_rounds();
    before_shmem_exit(forget_launcher, 0);
    shared().launcher = MyLatch;
    serving_since(); // it begins now, unless this is a second launcher
    read_databases();
    pg::run_rounds([] { pg::wait_for_latch(std::min(start_due_workers(), watch_edge())); }, read_databases);
    pg::end_rounds();
}

} // namespace

void register_launcher() {
    // A standby has none; promotion starts it.
    pg::register_background_process("helix launcher", "helix_launcher_main", BgWorkerStart_RecoveryFinished, 5);
}

} // namespace helix::worker

extern "C" {
PGDLLEXPORT void helix_launcher_main(Datum argument);

void helix_launcher_main(Datum) {
    helix::pg::enter_callback([] { helix::worker::run_launcher(); });
}
}
