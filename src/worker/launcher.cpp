// The launcher: keeps one worker running for each database of helix.databases. It has no database connection.
#include "pg/prelude.hpp"

#include "worker/launcher.hpp"

#include "config.hpp"
#include "pg/background_process.hpp"
#include "pg/guard.hpp"
#include "worker/slots.hpp"

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

// Makes the slots mirror helix.databases; workers of databases that are gone from it are told to stop.
void read_databases() {
    char* names_text = pstrdup(config::databases);
    List* names = NIL;
    SplitIdentifierString(names_text, ',', &names);
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    for (auto& slot : memory.slots) {
        slot.wanted = false;
    }
    bool full = false;
    ListCell* cell = nullptr;
    foreach (cell, names) {
        const char* name = static_cast<const char*>(lfirst(cell));
        Slot* slot = find_slot(name);
        for (int i = 0; slot == nullptr && i < max_databases; ++i) {
            if (memory.slots[i].database[0] == '\0') {
                slot = &memory.slots[i];
                strlcpy(slot->database, name, NAMEDATALEN);
                slot->database_oid = InvalidOid;
                slot->start_after = 0;
                slot->paused_until = 0;
                slot->failures = 0;
                slot->last_error[0] = '\0';
            }
        }
        full = full || slot == nullptr;
        if (slot != nullptr) {
            slot->wanted = true;
        }
    }
    for (auto& slot : memory.slots) {
        if (slot.database[0] != '\0' && !slot.wanted) {
            if (slot.pid != 0) {
                kill(slot.pid, SIGTERM);
            } else {
                slot.database[0] = '\0';
            }
        }
    }
    LWLockRelease(memory.lock);
    list_free(names);
    pfree(names_text);
    if (full) {
        ereport(WARNING,
                (errmsg("helix.databases names more than %d databases; the rest get no worker", max_databases)));
    }
}

void start_worker(int index) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART; // the launcher does, when it is time
    worker.bgw_main_arg = Int32GetDatum(index);
    worker.bgw_notify_pid = MyProcPid;
    strlcpy(worker.bgw_library_name, "helix", sizeof(worker.bgw_library_name));
    strlcpy(worker.bgw_function_name, "helix_worker_main", sizeof(worker.bgw_function_name));
    snprintf(worker.bgw_name, sizeof(worker.bgw_name), "helix worker for %s", shared().slots[index].database);
    strlcpy(worker.bgw_type, "helix worker", sizeof(worker.bgw_type));
    if (!RegisterDynamicBackgroundWorker(&worker, nullptr)) {
        ereport(LOG, (errmsg("helix could not start a worker for database \"%s\"", shared().slots[index].database),
                      errhint("Raise max_worker_processes.")));
    }
}

// Starts what is due and returns the ms until the next start is.
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
    pg::begin_rounds();
    before_shmem_exit(forget_launcher, 0);
    shared().launcher = MyLatch;
    read_databases();
    pg::run_rounds([] { pg::wait_for_latch(start_due_workers()); }, read_databases);
    pg::end_rounds();
}

} // namespace

void register_launcher() {
    // None on a standby; promotion starts it.
    pg::register_background_process("helix launcher", "helix_launcher_main", BgWorkerStart_RecoveryFinished, 5);
}

} // namespace helix::worker

extern "C" {
PGDLLEXPORT void helix_launcher_main(Datum argument);

void helix_launcher_main(Datum) {
    helix::pg::enter_callback([] { helix::worker::run_launcher(); });
}
}
