// Reserves before a commit becomes visible, and reports what became of it.
#include "pg/prelude.hpp"

#include "cache/commit.hpp"

#include "cache/pending.hpp"
#include "cache/record.hpp"
#include "cache/shared.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "storage/latch.h"
#include "storage/proc.h"
}

namespace helix::cache {

namespace {

// This process's reservation between PRE_COMMIT and the outcome.
struct Current {
    Reservation* reservation = nullptr;
    std::uint64_t number = 0;
    std::uint64_t additions = 0; // of what was pending then
    bool in_ring = false;        // if not, the commit makes everything stale
};
Current current;

bool put_into_ring(std::uint64_t number, TimestampTz now) {
    auto& memory = shared();
    if (pg_atomic_read_u32(&memory.enabled) == 0) {
        return false;
    }
    static std::vector<char> record; // keeps its memory: a commit should not have to allocate
    write_record(record, {pg::process_number(), number, now}, pending().set());
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    const bool fits = memory.ring().push(record);
    LWLockRelease(memory.lock);
    if (!fits) {
        count(memory.drops);
    }
    return fits;
}

// From here on the invalidator knows that something is about to become visible.
void reserve() {
    if (pending().set().empty() || current.reservation != nullptr) {
        return;
    }
    Reservation* own = own_reservation();
    if (own == nullptr) {
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("this process cannot change what helix caches")));
    }
    const std::uint64_t number = Reservation::number_in(pg_atomic_read_u64(&own->state)) + 1;
    const TimestampTz now = GetCurrentTimestamp();
    pg_atomic_write_u64(&own->reserved_at, static_cast<std::uint64_t>(now));
    pg_atomic_exchange_u64(&own->state, Reservation::word(number, Outcome::undecided)); // a full barrier
    current = {own, number, pending().set().additions(), false};
    current.in_ring = put_into_ring(number, now);
}

void wake_invalidator() noexcept {
    auto& memory = shared();
    if (pg_atomic_read_u32(&memory.idle) != 0 && pg_atomic_exchange_u32(&memory.idle, 0) != 0) {
        if (const std::uint32_t process = pg_atomic_read_u32(&memory.invalidator); process != 0) {
            SetLatch(pg::latch_of(static_cast<int>(process) - 1));
        }
    }
}

// After COMMIT nothing may fail: here are stores and a latch, nothing else.
void report(Outcome outcome) noexcept {
    auto& memory = shared();
    const auto& set = pending().set();
    const bool enabled = pg_atomic_read_u32(&memory.enabled) != 0;
    const bool reserved = current.reservation != nullptr;
    // Another extension's PRE_COMMIT may have written after that of helix.
    const bool grew = reserved ? set.additions() != current.additions : !set.empty();
    if (outcome == Outcome::committed && enabled && (grew || (reserved && !current.in_ring))) {
        pg_atomic_write_u32(&memory.everything, 1); // before the outcome, so that it is seen first
    }
    if (reserved) {
        pg_atomic_exchange_u64(&current.reservation->state, Reservation::word(current.number, outcome));
    }
    if (enabled && (reserved || grew)) {
        wake_invalidator();
    }
    current = {};
    pending().clear();
}

void refuse_prepare() {
    if (!pending().set().empty() && pg_atomic_read_u32(&shared().enabled) != 0) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot PREPARE a transaction that has changed what helix caches"),
                        errhint("Commit it without PREPARE, or switch the cache off with helix.redis_url = 'off'.")));
    }
}

// Another extension may have written after refuse_prepare(). Its changes become visible by COMMIT PREPARED. That makes
// everything stale for transactions prepared while the cache was off; here all that are prepared by now become such.
void distrust_prepared() noexcept {
    if (!pending().set().empty()) {
        pg_atomic_write_u64(&shared().enabled_since, static_cast<std::uint64_t>(GetCurrentTimestamp() + 1));
    }
}

void on_transaction_event(XactEvent event, void*) {
    switch (event) {
    case XACT_EVENT_PRE_COMMIT:
        pg::enter_callback([] { reserve(); });
        break;
    case XACT_EVENT_PRE_PREPARE:
        refuse_prepare();
        break;
    case XACT_EVENT_COMMIT:
        report(Outcome::committed);
        break;
    case XACT_EVENT_PREPARE:
        distrust_prepared();
        report(Outcome::rolled_back);
        break;
    case XACT_EVENT_ABORT:
        report(Outcome::rolled_back);
        break;
    default:
        break; // a parallel worker writes nothing
    }
}

} // namespace

void reserve_everything() {
    pending().add_everything();
    reserve();
}

void initialize_commit() {
    RegisterXactCallback(on_transaction_event, nullptr);
}

} // namespace helix::cache
