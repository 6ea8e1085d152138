// Asks the server for shared memory, and attaches every process to it.
#include "pg/shared_memory.hpp"

#include <array>
#include <cstring>

extern "C" {
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
}

namespace helix::pg {

namespace {

std::array<const SharedArea*, 16> areas;
std::size_t area_count = 0;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

void request_memory() {
    if (previous_request_hook != nullptr) {
        previous_request_hook();
    }
    for (std::size_t i = 0; i < area_count; ++i) {
        RequestAddinShmemSpace(MAXALIGN(areas[i]->bytes()));
        RequestNamedLWLockTranche(areas[i]->name, 1);
    }
}

void attach_memory() {
    if (previous_startup_hook != nullptr) {
        previous_startup_hook();
    }
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    for (std::size_t i = 0; i < area_count; ++i) {
        const auto& area = *areas[i];
        bool found = false;
        void* memory = ShmemInitStruct(area.name, area.bytes(), &found);
        if (!found) {
            memset(memory, 0, area.bytes());
        }
        area.attach(memory, &GetNamedLWLockTranche(area.name)->lock, !found);
    }
    LWLockRelease(AddinShmemInitLock);
}

} // namespace

void request_shared_area(const SharedArea& area) {
    if (area_count == 0) {
        previous_request_hook = shmem_request_hook;
        shmem_request_hook = request_memory;
        previous_startup_hook = shmem_startup_hook;
        shmem_startup_hook = attach_memory;
    }
    if (area_count == areas.size()) {
        elog(FATAL, "too many pieces of shared memory");
    }
    areas[area_count++] = &area;
}

} // namespace helix::pg
