// Owns: time zones as PostgreSQL knows them, for core/schedules/cron. Used within schedules/ only.
#pragma once

#include "core/schedules/cron.hpp"
#include "pg/prelude.hpp"

namespace helix::schedules {

// The offsets of a stored name, as pg::zone_or_utc() reads it.
ZoneOffset zone_offset(const std::string& name);

} // namespace helix::schedules
