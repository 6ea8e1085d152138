// Owns: when a cron expression in a time zone runs next. Used within schedules/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::schedules {

// None for @reboot and for dates that never come. Raises 22023 on a bad expression. Its arguments are plain, so that
// code without C++ objects may call it.
std::optional<TimestampTz> next_run(const char* expression, const char* zone, TimestampTz after);

// The seconds of "N seconds"; none for every other expression.
std::optional<int> interval_of(const char* expression);

// The expression that pg_cron is told instead, palloc'd.
const char* pg_cron_form(const char* expression, const char* zone, TimestampTz now);

} // namespace helix::schedules
