// Owns: the invalidator's end of the commit protocol. It takes records out of the ring at once. It keeps those that are
// not yet decided, and hands on those that were committed. Used by the invalidator only.
#pragma once

#include "cache/pending.hpp"
#include "cache/record.hpp"
#include "cache/shared.hpp"
#include "core/text_set.hpp"

namespace helix::cache {

class Inbox {
  public:
    Inbox() { records_.reserve(most_at_once); } // no allocation under the lock

    // Takes over from an invalidator that has ended. What it knew of undecided transactions is lost, so each of them
    // makes everything stale if it commits.
    void take_over();

    // One look at everything. Hands to `visitor` what was committed, and returns the number of records moved.
    std::size_t collect(InvalidationVisitor& visitor);

    // Every commit that became visible before this has been handed on by collect().
    TimestampTz complete_until() const { return complete_until_; }
    // When the oldest commit that the last collect() has handed on was reserved; 0 where there was none.
    TimestampTz oldest() const { return oldest_; }
    // What the last collect() has taken out of the ring.
    struct Taken {
        std::size_t records = 0;
        std::size_t bytes = 0;
    };
    const Taken& taken() const { return taken_; }
    bool has_undecided() const { return !undecided_.empty(); }
    // Whether the last collect() had enough and has left records in the ring.
    bool has_more() const { return has_more_; }

  private:
    static constexpr std::size_t most_at_once = 2 * Pending::most_bytes; // bytes; more than any record
    static_assert(most_at_once > Pending::most_bytes + sizeof(RecordHead) + Invalidations::longest_text);

    struct Undecided {
        RecordHead head;
        std::vector<char> set;
    };

    void look_at_processes();
    bool settle(const RecordHead& head, std::span<const char> set, InvalidationVisitor& visitor);
    void hand_on(std::span<const char> set, InvalidationVisitor& visitor);
    void take_records(InvalidationVisitor& visitor);

    std::vector<Undecided> undecided_;
    TextSet handed_on_; // in this look
    std::vector<char> records_;
    TimestampTz complete_until_ = 0;
    TimestampTz oldest_ = 0;
    Taken taken_;
    bool has_more_ = false;
};

} // namespace helix::cache
