// Owns: when a removal of keys is repeated. Anyone may use it.
#pragma once

#include <algorithm>
#include <chrono>

namespace helix {

// What is sent within one step is repeated together. A step is a quarter of the delay, and no longer than this.
constexpr std::chrono::milliseconds longest_repetition_step{125};

constexpr std::chrono::nanoseconds repetition_step(std::chrono::milliseconds delay) {
    return std::min<std::chrono::nanoseconds>(std::chrono::nanoseconds(delay) / 4, longest_repetition_step);
}

// When to repeat what was sent at `sent`: not before the delay (above 0) has passed, and less than a step later.
inline std::chrono::steady_clock::time_point repetition_due(std::chrono::steady_clock::time_point sent,
                                                            std::chrono::milliseconds delay) {
    const auto step = repetition_step(delay);
    const std::chrono::nanoseconds earliest = sent.time_since_epoch() + delay;
    return std::chrono::steady_clock::time_point((earliest + step - std::chrono::nanoseconds(1)) / step * step);
}

} // namespace helix
