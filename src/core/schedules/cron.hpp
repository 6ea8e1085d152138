// Owns: cron expressions as pg_cron reads them, and the next time of one in a time zone. Anyone may use it.
//
// An expression has five fields with names, lists, ranges and steps, and "$" for the month's last day. Or it is a
// shorthand such as @hourly, or "N seconds". The syntax is that of https://github.com/citusdata/pg_cron. What pg_cron
// passes over in silence is refused: what follows the fifth field, the shorthand, or the last value in a field,
// comments and further lines. So are ranges that go down (fri-mon), which its versions read differently. Days are those
// of Vixie cron: where neither day field begins with a star, either is enough.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace helix {

// Seconds since 1970, UTC.
using UnixTime = std::int64_t;

// Seconds that a time zone is ahead of UTC at an instant. Its changes lie more than two days apart and are at most one
// day long, as in the whole tz database.
using ZoneOffset = std::function<int(UnixTime)>;

class CronExpression {
  public:
    // Throws Error 22023 with the field that cannot be read.
    explicit CronExpression(std::string_view text);

    // The first time after `after`. None for @reboot, and for dates that do not come within 40 years (30 February).
    // Where clocks go forward, a fixed time within the gap runs at the gap's end. Where they go back, it runs once, the
    // first time. Expressions with a star for the hour or the minute run by what the clock shows: in the repeated hour
    // twice.
    std::optional<UnixTime> next(UnixTime after, const ZoneOffset& offset) const;

    // For "N seconds".
    std::optional<int> interval_seconds() const { return interval_ > 0 ? std::optional(interval_) : std::nullopt; }

  private:
    struct Date;

    void read_shorthand(std::string_view word);
    void read_fields(const std::vector<std::string_view>& words, std::string_view text);
    bool runs_on(const Date& date) const;
    std::optional<std::int64_t> first_shown(std::int64_t from, std::int64_t until) const;

    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;
    std::bitset<13> months_;
    std::bitset<8> weekdays_; // 0 and 7 are Sunday
    bool last_day_ = false;
    bool any_day_ = false; // the field began with a star
    bool any_weekday_ = false;
    bool by_clock_ = false; // a star for the hour or the minute
    int interval_ = 0;
};

} // namespace helix
