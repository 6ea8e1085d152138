// Owns: deadlines. Used by all that waits for Redis.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace helix::redis {

using Milliseconds = std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline in(Milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

// Milliseconds until `time`, rounded up; 0 where it has passed.
inline std::int64_t ms_until(Deadline time) {
    const auto left = std::chrono::ceil<Milliseconds>(time - std::chrono::steady_clock::now()).count();
    return std::max<std::int64_t>(0, left);
}

} // namespace helix::redis
