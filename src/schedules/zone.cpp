#include "pg/prelude.hpp"

#include "schedules/zone.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "pgtime.h"
}

namespace helix::schedules {

ZoneOffset zone_offset(const std::string& name) {
    const char* text = name.c_str();
    const pg_tz* zone = pg::call([&] { return pg_tzset(text); });
    if (zone == nullptr || name.empty()) {
        throw Error(sqlstate::invalid_parameter_value, "unknown time zone", "It is \"" + name + "\".",
                    "Use a name of pg_timezone_names, such as Europe/Berlin.");
    }
    return [zone](UnixTime time) {
        const pg_time_t instant = time;
        return static_cast<int>(pg_localtime(&instant, zone)->tm_gmtoff);
    };
}

} // namespace helix::schedules
