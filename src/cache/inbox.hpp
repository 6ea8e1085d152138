// Owns: the invalidator's end of the commit protocol: takes records out of the ring at once, keeps those that are not
// yet decided, and hands on those that were committed. Used by the invalidator only.
#pragma once

#include "cache/pending.hpp"
#include "cache/record.hpp"
#include "cache/shared.hpp"

namespace helix::cache {

class Inbox {
  public:
    Inbox() { record_.reserve(sizeof(RecordHead) + Pending::most_bytes); } // no allocation under the lock

    // Takes over from an invalidator that has ended: what it knew of transactions that are still undecided is lost.
    void take_over();

    // One look at everything. What was committed goes to `visitor`; returns the number of records moved.
    std::size_t collect(InvalidationVisitor& visitor);

    // Every commit that became visible before this is among what collect() has handed on (TimestampTz).
    TimestampTz complete_until() const { return complete_until_; }
    // When the oldest of what the last collect() handed on was reserved; 0: nothing.
    TimestampTz oldest() const { return oldest_; }
    bool has_undecided() const { return !undecided_.empty(); }

  private:
    struct Undecided {
        RecordHead head;
        std::vector<char> set;
    };

    void look_at_processes();
    bool settle(const RecordHead& head, std::span<const char> set, InvalidationVisitor& visitor);

    std::vector<Undecided> undecided_;
    std::vector<char> record_;
    TimestampTz complete_until_ = 0;
    TimestampTz oldest_ = 0;
};

} // namespace helix::cache
