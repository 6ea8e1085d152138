// Owns: what pg_cron is told. It knows one time zone (UTC unless set otherwise) and, before 1.6, not all of its own
// syntax, so it may have to wake a job more often than the job runs. Used within schedules/ only.
#pragma once

#include "core/schedules/cron.hpp"

#include <string>

namespace helix::schedules {

// An expression that pg_cron understands and that matches, in UTC, whenever `expression` matches in the zone. `now` is
// when its offsets are looked at, for a year to come.
std::string pg_cron_expression(std::string_view expression, const ZoneOffset& offset, UnixTime now);

} // namespace helix::schedules
