// Owns: whether an amount fits into the limits that apply. Used within budgets/ only; callers are within an OwnerSpi.
#pragma once

#include "budgets/locks.hpp"

namespace helix::budgets {

// What there is to say of the limit that fits least. Plain data; the text is SPI's.
struct Verdict {
    bool refused;       // a hard limit would be passed
    bool passes;        // this limit would be passed, hard or soft
    const char* detail; // the limit, what is used of it, when it resets
};

// None where no limit comes as far as its warn_percent. With `needs_room` nothing fits into a limit that is used up,
// not even 0. For it to hold, the limits must be locked, and stay so until the amount is reserved.
std::optional<Verdict> judge(const Wanted& wanted, Datum amount_usd, TimestampTz at, bool needs_room = false);

// What judge() would say now, by the calling statement's snapshot and without locks.
std::optional<Verdict> foresee(const Wanted& wanted, Datum amount_usd, TimestampTz at);

} // namespace helix::budgets
