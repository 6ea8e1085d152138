// The slots of the workers, and helix_internal.worker_status().
#include "pg/prelude.hpp"

#include "worker/slots.hpp"

#include "pg/guard.hpp"
#include "pg/shared_memory.hpp"
#include "pg/values.hpp"
#include "worker/worker.hpp"

#include <cstring>

namespace helix::worker {

namespace {

Shared* shared_memory = nullptr;

void attach(void* memory, LWLock* lock, bool is_new) {
    shared_memory = static_cast<Shared*>(memory);
    if (is_new) { // an atomic is all zeros at first
        shared_memory->lock = lock;
    }
}

constexpr pg::SharedArea area = {"helix", [] { return sizeof(Shared); }, attach};

} // namespace

void initialize_shared_memory() {
    pg::request_shared_area(area);
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

TimestampTz serving_since() {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    if (memory.serving_since == 0) {
        memory.serving_since = GetCurrentTimestamp();
    }
    const TimestampTz since = memory.serving_since;
    LWLockRelease(memory.lock);
    return since;
}

// This database's worker: (pid, last_error, last_error_at).
HELIX_FUNCTION(helix_worker_status) {
    TupleDesc columns = pg::result_columns(fcinfo);
    auto& memory = shared();
    pid_t pid = 0;
    char last_error[sizeof(Slot::last_error)] = "";
    TimestampTz last_error_at = 0;
    LWLockAcquire(memory.lock, LW_SHARED);
    if (const auto* slot = find_slot(MyDatabaseId)) {
        pid = slot->pid;
        last_error_at = slot->last_error_at;
        strlcpy(last_error, slot->last_error, sizeof(last_error));
    }
    LWLockRelease(memory.lock);
    const bool no_error = last_error[0] == '\0';
    pg::Values row;
    row.add(Int32GetDatum(static_cast<std::int32_t>(pid)), pid == 0);
    row.add(CStringGetTextDatum(last_error), no_error);
    row.add(TimestampTzGetDatum(last_error_at), no_error);
    PG_RETURN_DATUM(row.row(columns));
}

} // namespace helix::worker
