// Owns: time zones as PostgreSQL knows them, for core/cron. Used within schedules/ only.
#pragma once

#include "core/schedules/cron.hpp"
#include "pg/prelude.hpp"

namespace helix::schedules {

// That of a stored name: see pg::zone_or_utc().
ZoneOffset zone_offset(const std::string& name);

inline UnixTime unix_time(TimestampTz time) {
    constexpr std::int64_t epoch = INT64CONST(946684800); // 2000-01-01
    const std::int64_t seconds = time / USECS_PER_SEC - (time % USECS_PER_SEC < 0 ? 1 : 0);
    return seconds + epoch;
}

inline TimestampTz timestamp(UnixTime time) {
    return (time - INT64CONST(946684800)) * USECS_PER_SEC;
}

} // namespace helix::schedules
