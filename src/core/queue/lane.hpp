// Owns: where a claim begins to look in a lane of the queue, so that it does not pass by what others took long ago. A
// lane is all executions of one priority, in the order of their places. Used by queue/; pure, for tests.
//
// A claim begins at start(), reads the queue as it is committed then, and tells advance() how far it has taken
// everything. Meanwhile arrive() remembers what becomes ready, in order of commits, and the lane does not move past it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace helix {

// `remembered`: how many arrivals during one claim it can tell apart.
template <std::size_t remembered>
class LaneOf {
  public:
    using Place = std::int64_t;
    static constexpr Place first = std::numeric_limits<Place>::min();
    static constexpr Place last = std::numeric_limits<Place>::max();

    struct Start {
        Place from;
        std::uint64_t arrivals;
    };

    // Forgets everything: the next claim begins at the very first place.
    void reset() {
        from_ = first;
        arrivals_ = 0;
    }

    Start start() const { return {from_, arrivals_}; }

    // An execution at `place` is visible from now on, or is free again.
    void arrive(Place place) {
        from_ = std::min(from_, place);
        recent_[arrivals_++ % remembered] = place;
    }

    // A reader that began at `start` has seen that nothing is left before `place`.
    void advance(const Start& start, Place place) {
        if (arrivals_ - start.arrivals > remembered) {
            return; // some of what arrived meanwhile is forgotten
        }
        for (std::uint64_t i = start.arrivals; i < arrivals_; ++i) {
            place = std::min(place, recent_[i % remembered]);
        }
        from_ = std::max(from_, place);
    }

  private:
    Place from_;
    std::uint64_t arrivals_;
    Place recent_[remembered];
};

using Lane = LaneOf<64>;

} // namespace helix
