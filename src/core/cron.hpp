// Owns: cron expressions as pg_cron reads them (five fields with names, lists, ranges and steps, "$" for the month's
// last day, @hourly and its like, "N seconds"), and the next time of one in a time zone. Anyone may use it.
// Syntax: https://github.com/citusdata/pg_cron; days as in Vixie cron: where both day fields are restricted, either is
// enough.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace helix {

// Seconds since 1970, UTC.
using UnixTime = std::int64_t;

// Seconds that a time zone is ahead of UTC at an instant.
using ZoneOffset = std::function<int(UnixTime)>;

class CronExpression {
  public:
    // Throws Error 22023 with the field that cannot be read.
    explicit CronExpression(std::string_view text);

    // The first time after `after`; none for @reboot and for dates that never come (30 February). Where clocks go
    // forward, a fixed time within the gap runs at its end; where they go back, it runs once, the first time.
    // Expressions with a star for the hour or the minute run by what the clock shows, in the repeated hour twice.
    std::optional<UnixTime> next(UnixTime after, const ZoneOffset& offset) const;

    // For "N seconds".
    std::optional<int> interval_seconds() const { return interval_ > 0 ? std::optional(interval_) : std::nullopt; }

  private:
    void read_shorthand(std::string_view text);
    bool read_interval(std::string_view text);
    void read_fields(std::string_view text);
    bool runs_on(std::int64_t day) const;
    std::optional<UnixTime> first_on(std::int64_t day, UnixTime after, const ZoneOffset& offset) const;

    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;
    std::bitset<13> months_;
    std::bitset<8> weekdays_; // 0 and 7 are Sunday
    bool last_day_ = false;
    bool any_day_ = false; // the field began with a star
    bool any_weekday_ = false;
    bool by_clock_ = false; // a star for the hour or the minute
    bool reboot_ = false;
    int interval_ = 0;
};

} // namespace helix
