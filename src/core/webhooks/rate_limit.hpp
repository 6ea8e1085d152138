// Owns: a rate limit for one key, by the generic cell rate algorithm (ITU-T I.371). Its only state is the theoretical
// arrival time of the next call. Anyone may use it.
#pragma once

#include <cstdint>

namespace helix {

// Times are in us on any one clock.
struct CellRate {
    std::int64_t next = 0; // now or earlier: nothing is known of the key

    // Counts a call that may come now, and returns 0. Else returns in how many us the next call may come. `per_minute`
    // calls may come at once, and then evenly. A state far ahead, which a clock that went back has left, is forgotten.
    std::int64_t admit(std::int64_t now, std::int64_t per_minute) {
        constexpr std::int64_t minute = 60'000'000;
        if (next < now || next > now + 2 * minute) {
            next = now;
        }
        const std::int64_t later = next + minute / per_minute;
        if (later - now > minute) {
            return later - now - minute;
        }
        next = later;
        return 0;
    }
};

} // namespace helix
