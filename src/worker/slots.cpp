#include "pg/prelude.hpp"

#include "worker/slots.hpp"

#include "pg/guard.hpp"
#include "worker/worker.hpp"

#include <cstring>

extern "C" {
#include "funcapi.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
}

namespace helix::worker {

namespace {

constexpr const char* tranche = "helix";

Shared* shared_memory = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

void request_memory() {
    if (previous_request_hook != nullptr) {
        previous_request_hook();
    }
    RequestAddinShmemSpace(MAXALIGN(sizeof(Shared)));
    RequestNamedLWLockTranche(tranche, 1);
}

void create_memory() {
    if (previous_startup_hook != nullptr) {
        previous_startup_hook();
    }
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    bool found = false;
    shared_memory = static_cast<Shared*>(ShmemInitStruct("helix", sizeof(Shared), &found));
    if (!found) {
        memset(static_cast<void*>(shared_memory), 0, sizeof(Shared));
        shared_memory->lock = &GetNamedLWLockTranche(tranche)->lock;
        for (auto& slot : shared_memory->slots) {
            pg_atomic_init_u32(&slot.arrivals, 0);
        }
    }
    LWLockRelease(AddinShmemInitLock);
}

} // namespace

void initialise_shared_memory() {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = request_memory;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = create_memory;
}

Shared& shared() {
    return *shared_memory;
}

Slot* find_slot(const char* database) {
    for (auto& slot : shared_memory->slots) {
        if (slot.database[0] != '\0' && strcmp(slot.database, database) == 0) {
            return &slot;
        }
    }
    return nullptr;
}

Slot* find_slot(Oid database) {
    for (auto& slot : shared_memory->slots) {
        if (slot.database[0] != '\0' && slot.database_oid == database) {
            return &slot;
        }
    }
    return nullptr;
}

} // namespace helix::worker

using namespace helix;

// This database's worker: (pid, last_error, last_error_at).
HELIX_FUNCTION(helix_worker_status) {
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) {
        elog(ERROR, "worker_status() must return a row");
    }
    auto& memory = worker::shared();
    pid_t pid = 0;
    char last_error[sizeof(worker::Slot::last_error)] = "";
    TimestampTz last_error_at = 0;
    LWLockAcquire(memory.lock, LW_SHARED);
    if (const auto* slot = worker::find_slot(MyDatabaseId)) {
        pid = slot->pid;
        last_error_at = slot->last_error_at;
        strlcpy(last_error, slot->last_error, sizeof(last_error));
    }
    LWLockRelease(memory.lock);
    Datum values[] = {Int32GetDatum(static_cast<std::int32_t>(pid)), CStringGetTextDatum(last_error),
                      TimestampTzGetDatum(last_error_at)};
    bool nulls[] = {pid == 0, last_error[0] == '\0', last_error[0] == '\0'};
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
