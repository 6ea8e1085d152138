// Takes the locks of corrections.
#include "pg/prelude.hpp"

#include "ledger/correction_locks.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace helix::ledger {

namespace {

// The fourth field of an advisory lock's tag. SQL's functions use 1 and 2, budgets from 0x4801, the queue 0x4811.
enum Space : std::uint16_t { executions = 0x4821, prices = 0x4822, erasures = 0x4823 };

void lock(Space space, std::uint64_t key, LOCKMODE mode) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key),
                         space);
    LockAcquire(&tag, mode, false, false);
}

} // namespace

void lock_out_new_prices() {
    lock(prices, 0, ShareLock);
}

void lock_execution(std::int64_t id) {
    lock(executions, static_cast<std::uint64_t>(id), ExclusiveLock);
}

void lock_out_finalizations() {
    lock(prices, 0, ExclusiveLock);
}

void lock_out_ends_of_erasures() {
    lock(erasures, 0, ShareLock);
}

void lock_out_adjustments() {
    lock(erasures, 0, ExclusiveLock);
}

} // namespace helix::ledger
