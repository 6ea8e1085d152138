// Counts the calls of webhooks in shared memory, and tells which come too often.
#include "pg/prelude.hpp"

#include "webhooks/call_rate.hpp"

#include "core/webhooks/rate_limit.hpp"
#include "pg/shared_memory.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace helix::webhooks {

namespace {

struct Entry {
    std::uint64_t key; // a hash: two that share it share the limit
    CellRate rate;
};

// A key may be in one set alone. An entry whose time has come knows nothing and makes room for another key.
constexpr std::size_t set_count = 1024;
constexpr std::size_t set_size = 8;

struct Shared {
    LWLock* lock;
    Entry sets[set_count][set_size];
};

Shared* shared_memory = nullptr;

void attach(void* memory, LWLock* lock, bool) {
    shared_memory = static_cast<Shared*>(memory);
    shared_memory->lock = lock;
}

constexpr pg::SharedArea area = {"helix webhooks", [] { return sizeof(Shared); }, attach};

std::uint64_t key_of(const pg_uuid_t& schedule_id, CallKind kind) {
    const std::uint64_t seed = static_cast<std::uint64_t>(MyDatabaseId) << 2 | static_cast<std::uint64_t>(kind);
    return hash_bytes_extended(schedule_id.data, UUID_LEN, seed) | 1; // never 0, which is an empty entry
}

// The key's entry, else the one that knows least.
Entry& entry_of(std::uint64_t key) {
    auto& set = shared_memory->sets[key / 2 % set_count];
    Entry* found = &set[0];
    for (Entry& entry : set) {
        if (entry.key == key) {
            return entry;
        }
        found = entry.rate.next < found->rate.next ? &entry : found;
    }
    *found = {key, {}};
    return *found;
}

} // namespace

void initialize_rate_limits() {
    pg::request_shared_area(area);
}

int seconds_to_wait(const pg_uuid_t& schedule_id, CallKind kind, int per_minute) {
    if (per_minute == 0) {
        return 0;
    }
    const std::uint64_t key = key_of(schedule_id, kind);
    const std::int64_t now = GetCurrentTimestamp();
    LWLockAcquire(shared_memory->lock, LW_EXCLUSIVE);
    const std::int64_t wait_us = entry_of(key).rate.admit(now, per_minute);
    LWLockRelease(shared_memory->lock);
    return static_cast<int>((wait_us + USECS_PER_SEC - 1) / USECS_PER_SEC);
}

} // namespace helix::webhooks
