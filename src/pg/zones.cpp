// Finds time zones by name.
#include "pg/zones.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <cstring>
#include <set>

extern "C" {
#include "utils/datetime.h"
}

namespace helix::pg {

namespace {

constexpr std::size_t most_told = 100; // unknown names in one process's log

bool is_listed(std::string_view name) {
    pg_tzenum* names = pg_tzenumerate_start();
    bool found = false;
    for (pg_tz* zone = pg_tzenumerate_next(names); zone != nullptr && !found; zone = pg_tzenumerate_next(names)) {
        found = name == pg_get_timezone_name(zone);
    }
    pg_tzenumerate_end(names);
    return found;
}

// PostgreSQL gives POSIX specifications in capitals, with the digits of their offset. Few names look like that
// (EST5EDT). All files are read for these alone.
bool is_name(std::string_view spelled) {
    const bool looks_like_name = std::any_of(spelled.begin(), spelled.end(), is_small_letter) ||
                                 std::none_of(spelled.begin(), spelled.end(), is_digit);
    return looks_like_name || is_listed(spelled);
}

void tell_unknown(const char* name) {
    static std::set<std::string, std::less<>> told;
    if (told.size() < most_told && told.emplace(name).second) {
        ereport(LOG_SERVER_ONLY,
                (errmsg("helix takes UTC for an unknown time zone"), errdetail("It is \"%s\".", name),
                 errhint("Update the server's time zone files, or store another name of pg_timezone_names.")));
    }
}

pg_tz* find_zone(const char* name) {
    return *name == '\0' ? nullptr : pg_tzset(name);
}

[[noreturn]] void refuse_out_of_range() {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    pg_unreachable();
}

} // namespace

const char* checked_zone(const char* name) {
    pg_tz* zone = find_zone(name);
    if (zone == nullptr || !pg_tz_acceptable(zone) || !is_name(pg_get_timezone_name(zone))) {
        throw Error(sqlstate::invalid_parameter_value, "unknown time zone", std::string("It is \"") + name + "\".",
                    "Use a name of pg_timezone_names, such as Europe/Berlin.");
    }
    return pg_get_timezone_name(zone);
}

pg_tz* zone_or_utc(const char* name) {
    pg_tz* zone = find_zone(name);
    if (zone == nullptr) {
        tell_unknown(name);
        zone = pg_tzset("GMT"); // which needs no file
    }
    return zone;
}

Timestamp local_time(pg_tz* zone, TimestampTz at) {
    pg_tm tm{};
    fsec_t fraction = 0;
    int offset = 0;
    Timestamp local = 0;
    if (timestamp2tm(at, &offset, &tm, &fraction, nullptr, zone) != 0 ||
        tm2timestamp(&tm, fraction, nullptr, &local) != 0) {
        refuse_out_of_range();
    }
    return local;
}

TimestampTz instant_of(pg_tz* zone, Timestamp local) {
    pg_tm tm{};
    fsec_t fraction = 0;
    TimestampTz at = 0;
    if (timestamp2tm(local, nullptr, &tm, &fraction, nullptr, nullptr) != 0) {
        refuse_out_of_range();
    }
    int offset = DetermineTimeZoneOffset(&tm, zone);
    if (tm2timestamp(&tm, fraction, &offset, &at) != 0) {
        refuse_out_of_range();
    }
    return at;
}

} // namespace helix::pg
