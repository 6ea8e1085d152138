// Owns: how long to wait before the next try. Anyone may use it.
#pragma once

#include <algorithm>
#include <chrono>

namespace helix {

// Doubles from `first` to `longest`. It needs no jitter: one process alone retries.
class Backoff {
  public:
    constexpr Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest), next_(first) {}

    std::chrono::milliseconds next() {
        const auto wait = next_;
        next_ = std::min(2 * next_, longest_);
        return wait;
    }
    void reset() { next_ = first_; }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds next_;
};

} // namespace helix
