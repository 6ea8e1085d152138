#include "pg/prelude.hpp"

#include "cache/shared.hpp"

#include "config.hpp"

#include <cstring>

extern "C" {
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shmem.h"
}

namespace helix::cache {

namespace {

constexpr const char* name = "helix cache";

Shared* shared_memory = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

std::size_t ring_offset() {
    return MAXALIGN(sizeof(Shared) + MaxBackends * sizeof(Reservation));
}

std::size_t ring_bytes() {
    return static_cast<std::size_t>(config::cache_ring_size_kb) * 1024;
}

void request_memory() {
    if (previous_request_hook != nullptr) {
        previous_request_hook();
    }
    RequestAddinShmemSpace(ring_offset() + ring_bytes());
    RequestNamedLWLockTranche(name, 1);
}

void create_memory() {
    if (previous_startup_hook != nullptr) {
        previous_startup_hook();
    }
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    bool found = false;
    shared_memory = static_cast<Shared*>(ShmemInitStruct(name, ring_offset() + ring_bytes(), &found));
    if (!found) {
        // All zeros is the initial state of every atomic in it (where 64 bits are native, as everywhere today).
        memset(static_cast<void*>(shared_memory), 0, ring_offset());
        shared_memory->lock = &GetNamedLWLockTranche(name)->lock;
        shared_memory->processes = static_cast<std::uint32_t>(MaxBackends);
        shared_memory->ring_offset = ring_offset();
        ByteRing::create(reinterpret_cast<char*>(shared_memory) + ring_offset(), ring_bytes());
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

Reservation* own_reservation() {
    const int number = pg::process_number();
    return number >= 0 && static_cast<std::uint32_t>(number) < shared_memory->processes
               ? &shared_memory->reservations()[number]
               : nullptr;
}

} // namespace helix::cache
