// Owns: the expressions that pg_cron is told. Used within schedules/ only.
//
// pg_cron knows one time zone (UTC unless set otherwise), and before 1.6 not all of its own syntax. So it may call a
// job more often than the job runs.
#pragma once

#include "core/schedules/cron.hpp"

#include <string>

namespace helix::schedules {

// An expression that pg_cron understands. In UTC it matches whenever `expression` matches in the zone. The zone's
// offsets are looked at for a year from `now`.
std::string pg_cron_expression(std::string_view expression, const ZoneOffset& offset, UnixTime now);

} // namespace helix::schedules
