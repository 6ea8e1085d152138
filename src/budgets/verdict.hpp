// Owns: whether an amount fits into the limits that apply. Used within budgets/ only; callers are within an OwnerSpi.
#pragma once

#include "budgets/locks.hpp"

namespace helix::budgets {

// What there is to say of the limit that leaves the least room. Plain data; the text is in SPI's memory.
struct Verdict {
    bool refused;       // a hard limit would be passed
    bool passes;        // this limit would be passed, hard or soft
    const char* detail; // the limit, what is used of it, when it resets
};

// None where no limit would reach its warn_percent. With `needs_room` nothing fits into a limit that is used up, not
// even 0. The verdict holds while the limits are locked: the caller locks them before, until the amount is reserved.
std::optional<Verdict> judge(const Wanted& wanted, Datum amount_usd, TimestampTz at, bool needs_room = false);

// What judge() would say now, by the snapshot of the calling statement and without locks.
std::optional<Verdict> foresee(const Wanted& wanted, Datum amount_usd, TimestampTz at);

} // namespace helix::budgets
