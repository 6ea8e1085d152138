// Owns: the claims that wait, in shared memory, and waking those that want what arrives. Used within queue/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

constexpr int most_awaited = 16; // operations; who wants more is woken by all of them

void initialize_waiters();

// Executions of an operation that have become ready. 0 stands for some operation: it wakes those that claim any.
struct Arrivals {
    std::uint64_t operation;
    int count;
};

// Wakes as many waiters as there are executions, each for an operation that it claims. May be called where nothing may
// fail.
void wake_waiters(Arrivals* arrivals, int count) noexcept;
void wake_all_waiters() noexcept;

// Call begin_waiting(), then look once more, then wait_until_woken(), which sleeps until something becomes ready or the
// time is up. `operations`: keys of those that are wanted; none: any.
void begin_waiting(const std::uint64_t* operations, int count);
void wait_until_woken(long timeout_ms);
void end_waiting();

} // namespace helix::queue
