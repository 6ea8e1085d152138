// Runs single tasks in processes of their own.
#include "pg/prelude.hpp"

#include "worker/errand.hpp"

#include "pg/background_process.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "worker/slots.hpp"

extern "C" {
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"
}

namespace helix::worker {

namespace {

constexpr int longest_wait_ms = 5000;
constexpr const char* lock_timeout = "2s";

bool wait_for_end(BackgroundWorkerHandle* handle) {
    const TimestampTz give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), longest_wait_ms);
    for (;;) {
        pid_t pid = 0;
        if (GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED) {
            return true;
        }
        if (GetCurrentTimestamp() >= give_up) {
            return false;
        }
        pg::wait_for_latch(100); // its end sets the latch
        CHECK_FOR_INTERRUPTS();
    }
}

void run_errand(Oid database) {
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
    configure_session();
    SetConfigOption("lock_timeout", lock_timeout, PGC_SUSET, PGC_S_OVERRIDE);
    const Task* task = find_task(MyBgworkerEntry->bgw_extra);
    if (task == nullptr) {
        elog(ERROR, "there is no helix task \"%s\"", MyBgworkerEntry->bgw_extra);
    }
    if (task->own_transactions) {
        task->run();
        return;
    }
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (pg::extension_exists()) {
        task->run();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
}

} // namespace

BackgroundWorkerHandle* start_elsewhere(const char* task) {
    BackgroundWorker errand = pg::describe_child("helix errand", "helix_errand_main", ObjectIdGetDatum(MyDatabaseId));
    snprintf(errand.bgw_name, sizeof(errand.bgw_name), "helix %s", task);
    strlcpy(errand.bgw_extra, task, sizeof(errand.bgw_extra));
    BackgroundWorkerHandle* handle = nullptr;
    return RegisterDynamicBackgroundWorker(&errand, &handle) ? handle : nullptr;
}

bool run_elsewhere(const char* task) {
    BackgroundWorkerHandle* handle = start_elsewhere(task);
    return handle != nullptr && wait_for_end(handle);
}

bool worker_has_left() {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_SHARED);
    const Slot* slot = find_slot(MyDatabaseId);
    const bool left = slot == nullptr || slot->pid == 0;
    LWLockRelease(memory.lock);
    return left;
}

} // namespace helix::worker

extern "C" {
PGDLLEXPORT void helix_errand_main(Datum argument);

void helix_errand_main(Datum argument) {
    helix::pg::enter_callback([argument] { helix::worker::run_errand(DatumGetObjectId(argument)); });
}
}
