// Finds the hour of the week of a time.
#include "core/ledger/week_hours.hpp"

#include <charconv>

namespace helix {

int hour_of_week(std::int64_t at) {
    constexpr std::int64_t hour_us = 3'600'000'000;
    constexpr int hours = 168;
    constexpr int epoch = 5 * 24; // 2000-01-01 was a Saturday
    const std::int64_t since = at >= 0 ? at / hour_us : (at - (hour_us - 1)) / hour_us;
    return static_cast<int>(((since % hours) + epoch + hours) % hours);
}

std::string to_text(const WeekHours& hours) {
    std::string ranges;
    for (std::size_t hour = 0; hour < hours.size(); ++hour) {
        const std::size_t from = hour;
        while (hour < hours.size() && hours.test(hour)) {
            ++hour;
        }
        if (hour > from) {
            ranges += (ranges.empty() ? "[" : ",[") + std::to_string(from) + "," + std::to_string(hour) + ")";
        }
    }
    return "{" + ranges + "}";
}

std::optional<WeekHours> parse_week_hours(std::string_view text) {
    WeekHours hours;
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto take = [&](char c) { return at != end && *at == c && ++at != nullptr; };
    const auto number = [&](std::size_t& value) {
        const auto [rest, error] = std::from_chars(at, end, value);
        at = rest;
        return error == std::errc() && value <= hours.size();
    };
    bool more = take('{');
    while (more) {
        std::size_t from = 0;
        std::size_t to = 0;
        if (!take('[') || !number(from) || !take(',') || !number(to) || !take(')')) {
            return std::nullopt;
        }
        for (std::size_t hour = from; hour < to; ++hour) {
            hours.set(hour);
        }
        more = take(',');
    }
    return take('}') && at == end && hours.any() ? std::optional(hours) : std::nullopt;
}

} // namespace helix
