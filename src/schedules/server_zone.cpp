#include "pg/prelude.hpp"

#include "schedules/server_zone.hpp"

#include "pg/guard.hpp"
#include "pg/zones.hpp"

namespace helix::schedules {

ZoneOffset zone_offset(const std::string& name) {
    const char* text = name.c_str();
    const pg_tz* zone = pg::call([&] { return pg::zone_or_utc(text); });
    return [zone](UnixTime time) {
        const pg_time_t instant = time;
        return static_cast<int>(pg_localtime(&instant, zone)->tm_gmtoff);
    };
}

} // namespace helix::schedules
