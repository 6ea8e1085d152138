// Owns: hours of the week in which a rate holds. Anyone may use it.
#pragma once

#include <bitset>
#include <cstdint>

namespace helix {

// The hours of a week by UTC: 0 is Monday from 00:00 to 01:00, 167 is Sunday from 23:00.
using WeekHours = std::bitset<168>;

// The hour of the week that `at` lies in. Times are microseconds since 2000-01-01 00:00 UTC, as PostgreSQL has them.
int hour_of_week(std::int64_t at);

} // namespace helix
