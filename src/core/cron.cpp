#include "core/cron.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace helix {

namespace {

constexpr std::int64_t day_s = 86'400;
constexpr int most_days = 366 * 40; // 29 February on one weekday comes within 40 years, also across 2100

constexpr std::array month_names = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array weekday_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

[[noreturn]] void refuse(const char* field, std::string_view text) {
    throw Error(sqlstate::invalid_parameter_value, "invalid cron expression",
                std::string("The ") + field + " cannot be read: \"" + std::string(text) + "\".",
                "Write minute hour day month weekday, such as 30 4 * * mon-fri, @hourly, or 30 seconds.");
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find_first_of(separators, start), text.size());
        parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

std::vector<std::string_view> words_of(std::string_view text) {
    auto words = split(text, " \t\n");
    std::erase_if(words, [](auto word) { return word.empty(); });
    return words;
}

int number_in(std::string_view text, int low, int high, const char* field, std::string_view whole) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        refuse(field, whole);
    }
    return value;
}

// One field: what it may hold, and what it is called.
struct Field {
    const char* name;
    int low;
    int high;
    const char* const* names;
    std::size_t name_count;

    int value(std::string_view text, std::string_view whole) const {
        const auto* const found = std::find(names, names + name_count, lower(text));
        return found != names + name_count ? low + static_cast<int>(found - names)
                                           : number_in(text, low, high, name, whole);
    }

    template <std::size_t Size>
    void read(std::string_view text, std::bitset<Size>& set) const {
        for (const auto part : split(text, ",")) {
            const auto slash = part.find('/');
            const auto range = part.substr(0, slash);
            const auto dash = range.find('-');
            int first = low;
            int last = high;
            if (range != "*") {
                first = value(range.substr(0, dash), text);
                last = dash == std::string_view::npos ? first : value(range.substr(dash + 1), text);
            }
            const bool one = range != "*" && dash == std::string_view::npos;
            if (first > last || (one && slash != std::string_view::npos)) {
                refuse(name, text);
            }
            const int step =
                slash == std::string_view::npos ? 1 : number_in(part.substr(slash + 1), 1, 1000, name, text);
            for (int i = first; i <= last; i += step) {
                set.set(static_cast<std::size_t>(i));
            }
        }
    }
};

constexpr Field minute_field{"minute", 0, 59, nullptr, 0};
constexpr Field hour_field{"hour", 0, 23, nullptr, 0};
constexpr Field day_field{"day of the month", 1, 31, nullptr, 0};
constexpr Field month_field{"month", 1, 12, month_names.data(), month_names.size()};
constexpr Field weekday_field{"day of the week", 0, 7, weekday_names.data(), weekday_names.size()};

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

// The instants at which the clock shows `local` (seconds since 1970 as if it were UTC): none in a gap, two where the
// clock goes back.
std::vector<UnixTime> instants_of(std::int64_t local, const ZoneOffset& offset) {
    std::vector<UnixTime> instants;
    for (const int ahead : {offset(local - day_s), offset(local + day_s)}) {
        const UnixTime instant = local - ahead;
        if (offset(instant) == ahead && std::find(instants.begin(), instants.end(), instant) == instants.end()) {
            instants.push_back(instant);
        }
    }
    std::sort(instants.begin(), instants.end());
    return instants;
}

// The end of the gap that holds `local`: the first instant at which the clock shows later.
UnixTime end_of_gap(std::int64_t local, const ZoneOffset& offset) {
    UnixTime before = local - std::max(offset(local - day_s), offset(local + day_s)) - 1;
    UnixTime after = local - std::min(offset(local - day_s), offset(local + day_s)) + 1;
    while (before + 1 < after) {
        const UnixTime middle = before + (after - before) / 2;
        (middle + offset(middle) > local ? after : before) = middle;
    }
    return after;
}

} // namespace

CronExpression::CronExpression(std::string_view text) {
    const auto words = words_of(text);
    if (words.size() == 1 && words[0].starts_with('@')) {
        read_shorthand(words[0]);
    } else if (!read_interval(text)) {
        read_fields(text);
    }
}

void CronExpression::read_shorthand(std::string_view text) {
    struct Shorthand {
        std::string_view name;
        const char* fields;
    };
    constexpr std::array shorthands = {
        Shorthand{"@yearly", "0 0 1 1 *"}, Shorthand{"@annually", "0 0 1 1 *"}, Shorthand{"@monthly", "0 0 1 * *"},
        Shorthand{"@weekly", "0 0 * * 0"}, Shorthand{"@daily", "0 0 * * *"},    Shorthand{"@midnight", "0 0 * * *"},
        Shorthand{"@hourly", "0 * * * *"},
    };
    reboot_ = text == "@reboot" || text == "@restart";
    if (reboot_) {
        return;
    }
    const auto* found =
        std::find_if(shorthands.begin(), shorthands.end(), [&](const auto& s) { return s.name == text; });
    if (found == shorthands.end()) {
        refuse("shorthand", text);
    }
    read_fields(found->fields);
}

bool CronExpression::read_interval(std::string_view text) {
    const auto words = words_of(text);
    if (words.size() != 2 || (lower(words[1]) != "seconds" && lower(words[1]) != "second")) {
        return false;
    }
    interval_ = number_in(words[0], 1, 59, "number of seconds", text);
    return true;
}

void CronExpression::read_fields(std::string_view text) {
    const auto words = words_of(text);
    if (words.size() != 5) {
        refuse("number of fields", text);
    }
    minute_field.read(words[0], minutes_);
    hour_field.read(words[1], hours_);
    last_day_ = words[2] == "$";
    if (!last_day_) {
        day_field.read(words[2], days_);
    }
    month_field.read(words[3], months_);
    weekday_field.read(words[4], weekdays_);
    if (weekdays_[0] || weekdays_[7]) {
        weekdays_.set(0).set(7);
    }
    any_day_ = words[2].starts_with('*');
    any_weekday_ = words[4].starts_with('*');
    by_clock_ = words[0].starts_with('*') || words[1].starts_with('*');
}

bool CronExpression::runs_on(std::int64_t day) const {
    using namespace std::chrono;
    const sys_days date{days(day)};
    const year_month_day ymd{date};
    const bool last = ymd.day() == (ymd.year() / ymd.month() / std::chrono::last).day();
    const bool by_day = last_day_ ? last : days_[static_cast<unsigned>(ymd.day())];
    const bool by_weekday = weekdays_[weekday(date).c_encoding()];
    return months_[static_cast<unsigned>(ymd.month())] &&
           (any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday);
}

std::optional<UnixTime> CronExpression::first_on(std::int64_t day, UnixTime after, const ZoneOffset& offset) const {
    std::optional<UnixTime> first;
    for (std::size_t hour = 0; hour < hours_.size(); ++hour) {
        for (std::size_t minute = 0; hours_[hour] && minute < minutes_.size(); ++minute) {
            if (!minutes_[minute]) {
                continue;
            }
            const std::int64_t local =
                day * day_s + static_cast<std::int64_t>(hour) * 3600 + static_cast<int>(minute) * 60;
            auto instants = instants_of(local, offset);
            if (!by_clock_) {
                instants.resize(std::min<std::size_t>(instants.size(), 1));
                if (instants.empty()) {
                    instants.push_back(end_of_gap(local, offset));
                }
            }
            for (const UnixTime instant : instants) {
                first = instant > after && (!first || instant < *first) ? instant : first;
            }
        }
    }
    return first;
}

std::optional<UnixTime> CronExpression::next(UnixTime after, const ZoneOffset& offset) const {
    if (reboot_) {
        return std::nullopt;
    }
    if (interval_ > 0) {
        return after + interval_;
    }
    const std::int64_t today = floor_div(after + offset(after), day_s);
    for (std::int64_t day = today - 1; day < today + most_days; ++day) {
        if (runs_on(day)) {
            if (const auto first = first_on(day, after, offset)) {
                return first;
            }
        }
    }
    return std::nullopt;
}

} // namespace helix
