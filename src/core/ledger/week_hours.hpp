// Owns: hours of the week in which a rate holds. Anyone may use it.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace helix {

// The hours of a week by UTC: 0 is Monday from 00:00 to 01:00, 167 is Sunday from 23:00.
using WeekHours = std::bitset<168>;

// The hour of the week that `at` lies in. Times are microseconds since 2000-01-01 00:00 UTC, as PostgreSQL has them.
int hour_of_week(std::int64_t at);

// As an int4multirange is written: "{[0,24),[120,168)}".
std::string to_text(const WeekHours& hours);

// Reads that; none where it is written otherwise, or has no hour of the week.
std::optional<WeekHours> parse_week_hours(std::string_view text);

} // namespace helix
