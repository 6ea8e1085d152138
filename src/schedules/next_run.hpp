// Owns: when a cron expression in a time zone runs next. Used within schedules/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// None for @reboot and for dates that never come. Throws Error 22023 on a bad expression or zone.
std::optional<TimestampTz> next_run(std::string_view expression, const std::string& zone, TimestampTz after);

} // namespace helix::schedules
