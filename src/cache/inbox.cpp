// Takes records of commits out of the ring, and waits for the outcome of each.
#include "pg/prelude.hpp"

#include "cache/inbox.hpp"

namespace helix::cache {

namespace {

// The reservation's time where it is undecided.
std::optional<TimestampTz> undecided_since(Reservation& reservation) {
    for (;;) {
        const std::uint64_t state = pg_atomic_read_u64(&reservation.state);
        if (Reservation::outcome_in(state) != Outcome::undecided) {
            return std::nullopt;
        }
        pg_read_barrier();
        const auto since = static_cast<TimestampTz>(pg_atomic_read_u64(&reservation.reserved_at));
        pg_read_barrier();
        if (pg_atomic_read_u64(&reservation.state) == state) {
            return since;
        }
    }
}

bool take_from_ring(std::vector<char>& records, std::size_t most) {
    auto& memory = shared();
    records.clear();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    const bool taken = memory.ring().pop(records, most);
    LWLockRelease(memory.lock);
    return taken;
}

} // namespace

void Inbox::take_over() {
    auto& memory = shared();
    for (std::uint32_t i = 0; i < memory.processes; ++i) {
        Reservation& reservation = memory.reservations()[i];
        if (const auto since = undecided_since(reservation)) {
            const std::uint64_t number = Reservation::number_in(pg_atomic_read_u64(&reservation.state));
            undecided_.push_back({{static_cast<int>(i), number, *since, true}, {}});
        }
    }
    pg_atomic_write_u32(&memory.everything, 1);
}

// Called before the ring is read: what is decided by now is in the ring by now, or in the flag `everything`.
void Inbox::look_at_processes() {
    auto& memory = shared();
    complete_until_ = GetCurrentTimestamp();
    pg_memory_barrier();
    for (std::uint32_t i = 0; i < memory.processes; ++i) {
        if (const auto since = undecided_since(memory.reservations()[i])) {
            complete_until_ = std::min(complete_until_, *since);
        }
    }
}

// Hands a record on if it was committed; false while that is open. A process that is at its next commit no longer tells
// how this one ended. Then it counts as committed, for too much is safe.
bool Inbox::settle(const RecordHead& head, std::span<const char> set, InvalidationVisitor& visitor) {
    const std::uint64_t state = pg_atomic_read_u64(&shared().reservations()[head.process].state);
    if (state == Reservation::word(head.number, Outcome::undecided)) {
        return false;
    }
    if (state != Reservation::word(head.number, Outcome::rolled_back)) {
        oldest_ = oldest_ == 0 ? head.reserved_at : std::min(oldest_, head.reserved_at);
        if (head.everything) {
            visitor.everything();
        }
        hand_on(set, visitor);
    }
    return true;
}

// Under load many commits make the same things stale. To see that a set is known costs less than to read it again.
void Inbox::hand_on(std::span<const char> set, InvalidationVisitor& visitor) {
    const std::string_view bytes(set.data(), set.size());
    if (!bytes.empty() && !handed_on_.contains(bytes)) {
        handed_on_.emplace(bytes);
        Invalidations::visit(set, visitor);
    }
}

void Inbox::take_records(InvalidationVisitor& visitor) {
    ByteRing::for_each_record(records_, [&](std::span<const char> record) {
        const auto head = read_head(record);
        const auto set = read_set(record);
        if (!settle(head, set, visitor)) {
            undecided_.push_back({head, {set.begin(), set.end()}});
        }
        ++taken_.records;
    });
    taken_.bytes += records_.size();
}

std::size_t Inbox::collect(InvalidationVisitor& visitor) {
    constexpr std::size_t most_bytes = std::size_t{1} << 20; // in a round, so that its memory is bounded
    taken_ = {};
    handed_on_.clear();
    const TimestampTz complete_before = complete_until_;
    oldest_ = 0;
    look_at_processes();
    std::size_t moved =
        std::erase_if(undecided_, [&](const auto& item) { return settle(item.head, item.set, visitor); });
    while (taken_.bytes < most_bytes && take_from_ring(records_, most_at_once)) {
        take_records(visitor);
    }
    moved += taken_.records;
    has_more_ = taken_.bytes >= most_bytes;
    if (has_more_) {
        complete_until_ = complete_before; // nobody knows what is left in the ring
    }
    if (pg_atomic_exchange_u32(&shared().everything, 0) != 0) {
        visitor.everything();
        ++moved;
    }
    return moved;
}

} // namespace helix::cache
