// Finds an expression for pg_cron, which has one time zone, that comes true whenever a schedule's own does.
#include "pg/prelude.hpp"

#include "schedules/pg_cron_expression.hpp"

#include <sstream>

namespace helix::schedules {

namespace {

constexpr UnixTime day_s = SECS_PER_DAY;
constexpr int days_to_look_at = 400;

enum class Offsets { none, whole_hours, others };

Offsets offsets_of(const ZoneOffset& offset, UnixTime now) {
    Offsets offsets = Offsets::none;
    for (int day = -1; day <= days_to_look_at; ++day) {
        const int ahead = offset(now + day * day_s);
        if (ahead % SECS_PER_HOUR != 0) {
            return Offsets::others;
        }
        offsets = ahead == 0 ? offsets : Offsets::whole_hours;
    }
    return offsets;
}

// A fixed time that the clock leaves out runs at the end of the gap, a full hour, whatever its minute is. Whether
// `form` leaves that hour out too.
bool misses_end_of_gap(const CronExpression& expression, const CronExpression& form, const ZoneOffset& offset,
                       UnixTime now) {
    const auto runs_at = [](const CronExpression& cron, UnixTime time, const ZoneOffset& clock) {
        return cron.next(time - 1, clock) == std::optional(time);
    };
    const auto utc = [](UnixTime) { return 0; };
    for (UnixTime start = now - day_s; start < now + days_to_look_at * day_s; start += day_s) {
        if (offset(start + day_s) <= offset(start)) {
            continue;
        }
        UnixTime end = start;
        for (UnixTime step = day_s / 2; step > 0; step /= 2) { // the last instant before the gap
            end += offset(end + step) == offset(start) ? step : 0;
        }
        while (offset(end + 1) == offset(start)) {
            ++end;
        }
        if (runs_at(expression, end + 1, offset) && !runs_at(form, end + 1, utc)) {
            return true;
        }
    }
    return false;
}

} // namespace

std::string pg_cron_expression(std::string_view expression, const ZoneOffset& offset, UnixTime now) {
    std::istringstream words{std::string(expression)};
    std::vector<std::string> fields;
    for (std::string word; words >> word;) {
        fields.push_back(word);
    }
    const auto offsets = offsets_of(offset, now);
    const CronExpression cron(expression);
    const bool every_n_seconds = cron.interval_seconds().has_value();
    if (every_n_seconds) { // the worker runs those
        return "* * * * *";
    }
    if (offsets == Offsets::none && (fields.size() < 3 || fields[2] != "$")) {
        return std::string(expression);
    }
    if (offsets == Offsets::none) {
        return fields[0] + " " + fields[1] + " * * *";
    }
    const bool shorthand = fields[0].starts_with('@'); // all of them run at minute 0
    if (offsets == Offsets::others) {
        return "* * * * *";
    }
    if (shorthand) {
        return "0 * * * *";
    }
    const std::string form = fields[0] + " * * * *";
    return misses_end_of_gap(cron, CronExpression(form), offset, now) ? "0," + form : form;
}

} // namespace helix::schedules
