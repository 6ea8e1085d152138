// Owns: how long commits are gathered before they are handed on together. Anyone may use it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace helix {

// Commits that come in shortly after each other are taken together. Each round costs time of Redis and of a processor,
// and wakes them before others that have work. A commit's keys go out within 10 ms, and in a crowd of commits
// within 60.
class Gathering {
  public:
    using Milliseconds = std::chrono::milliseconds;
    static constexpr Milliseconds shortest{5};
    static constexpr Milliseconds of_crowd{50};
    static constexpr std::int64_t crowd_per_ms = 5; // commits

    // `capacity` is the size in bytes of the buffer that commits come through.
    explicit constexpr Gathering(std::size_t capacity) : capacity_(static_cast<std::int64_t>(capacity)) {}

    // The pause after a round that has taken `commits` of `bytes` together, all that came in during `time`. Where
    // commits go on as fast, they fill a quarter of the buffer at most.
    constexpr Milliseconds pause(std::size_t commits, std::size_t bytes, std::chrono::nanoseconds time) const {
        const auto ms = std::max(shortest, std::chrono::ceil<Milliseconds>(time)).count(); // a few at once are no crowd
        if (static_cast<std::int64_t>(commits) < crowd_per_ms * ms) {
            return shortest;
        }
        const auto room = ms * capacity_ / (4 * std::max<std::int64_t>(1, static_cast<std::int64_t>(bytes)));
        return std::clamp(Milliseconds(room), shortest, of_crowd);
    }

  private:
    std::int64_t capacity_;
};

} // namespace helix
