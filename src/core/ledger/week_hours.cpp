// Finds the hour of the week of a time.
#include "core/ledger/week_hours.hpp"

namespace helix {

int hour_of_week(std::int64_t at) {
    constexpr std::int64_t hour_us = 3'600'000'000;
    constexpr int hours = 168;
    constexpr int epoch = 5 * 24; // 2000-01-01 was a Saturday
    const std::int64_t since = at >= 0 ? at / hour_us : (at - (hour_us - 1)) / hour_us;
    return static_cast<int>(((since % hours) + epoch + hours) % hours);
}

} // namespace helix
