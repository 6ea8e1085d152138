// Reads cron expressions and finds their next time.
#include "core/schedules/cron.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/numbers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>

namespace helix {

namespace {

constexpr std::size_t too_long = 1000; // pg_cron's buffer
constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t day_minutes = 1'440;
constexpr std::int64_t longest_wait = day_s * 366 * 40; // 29 February on one weekday, across 2100

constexpr std::array month_names = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array weekday_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

constexpr const char* form = "Write minute hour day month weekday, such as 30 4 * * mon-fri, @hourly, or 30 seconds.";

[[noreturn]] void refuse(const std::string& detail, const char* hint = form) {
    throw Error(sqlstate::invalid_parameter_value, "invalid cron expression", detail, hint);
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

[[noreturn]] void refuse(const char* field, std::string_view text) {
    refuse(std::string("The ") + field + " cannot be read: " + quoted(text) + ".");
}

// pg_cron takes such a range too. What it makes of it depends on its version.
[[noreturn]] void refuse_range(const char* field, std::string_view text) {
    refuse(std::string("A range of the ") + field + " goes down: " + quoted(text) + ".",
           "Write two ranges that go up, such as fri-sat,sun-mon.");
}

bool is_name(std::string_view text, std::string_view name) {
    return std::equal(text.begin(), text.end(), name.begin(), name.end(),
                      [](char a, char b) { return to_lower(a) == b; });
}

// Takes characters from the front of a text.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    bool take(char c) {
        const bool found = rest_.starts_with(c);
        rest_.remove_prefix(found ? 1 : 0);
        return found;
    }

    bool take_name(std::string_view name) {
        const bool found = is_name(rest_.substr(0, name.size()), name);
        rest_.remove_prefix(found ? name.size() : 0);
        return found;
    }

    template <typename Belongs>
    std::string_view take_while(Belongs belongs) {
        const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), belongs);
        const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }

  private:
    std::string_view rest_;
};

// One field: what it is called, and what it may hold.
struct Field {
    const char* name;
    int low;
    int high;
    std::span<const char* const> names;

    std::optional<int> value(std::string_view word) const {
        const auto found = std::find_if(names.begin(), names.end(), [&](auto* known) { return is_name(word, known); });
        const auto read =
            found != names.end() ? low + static_cast<int>(found - names.begin()) : whole_number<int>(word);
        return read && *read >= low && *read <= high ? read : std::nullopt;
    }

    // Reads one part of the list `word`; false where it cannot be read.
    template <std::size_t Size>
    bool read_part(Reader& text, std::string_view word, std::bitset<Size>& set) const {
        std::optional first = low;
        std::optional last = high;
        if (!text.take('*')) {
            first = value(text.take_while(is_letter_or_digit));
            if (!text.take('-')) {
                if (first) {
                    set.set(static_cast<std::size_t>(*first));
                }
                return first.has_value();
            }
            last = value(text.take_while(is_letter_or_digit));
        }
        const auto step = text.take('/') ? whole_number<int>(text.take_while(is_letter_or_digit)) : 1;
        if (!first || !last || !step || *step < 1) {
            return false;
        }
        if (*first > *last) {
            refuse_range(name, word);
        }
        for (std::int64_t i = *first; i <= *last; i += *step) {
            set.set(static_cast<std::size_t>(i));
        }
        return true;
    }

    template <std::size_t Size>
    void read(std::string_view word, std::bitset<Size>& set) const {
        Reader text(word);
        do {
            if (!read_part(text, word, set)) {
                refuse(name, word);
            }
        } while (text.take(','));
        if (!text.at_end()) { // pg_cron passes over what follows
            refuse(name, word);
        }
    }
};

struct Position { // of the fields in an expression
    enum : std::size_t { minute, hour, day, month, weekday };
};

constexpr std::array fields = {
    Field{"minute", 0, 59, {}},
    Field{"hour", 0, 23, {}},
    Field{"day of the month", 1, 31, {}},
    Field{"month", 1, 12, month_names},
    Field{"day of the week", 0, 7, weekday_names},
};

// "N seconds" as sscanf() would find it, which is how pg_cron does; none for anything else.
std::optional<int> read_interval(std::string_view text) {
    constexpr std::string_view spaces = " \t\n\v\f\r";
    Reader reader(text);
    reader.skip(spaces);
    reader.take('+');
    const auto digits = reader.take_while(is_digit);
    reader.skip(spaces);
    if (digits.empty() || !reader.take_name("second")) {
        return std::nullopt;
    }
    if (reader.take_name("s")) {
        reader.skip(spaces);
    }
    const auto seconds = whole_number<int>(digits);
    if (!reader.at_end() || !seconds || *seconds < 1 || *seconds > 59) {
        refuse("number of seconds", text);
    }
    return seconds;
}

// What stands between blanks. A line's end belongs to a word, so that comments and further lines cannot be read.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    Reader reader(text);
    for (reader.skip(" \t"); !reader.at_end(); reader.skip(" \t")) {
        words.push_back(reader.take_while([](char c) { return c != ' ' && c != '\t'; }));
    }
    return words;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

// The first instant within (start, end] at which the zone has another offset than at `start`; after `end` if none.
UnixTime first_change(UnixTime start, UnixTime end, const ZoneOffset& offset) {
    const int ahead = offset(start);
    if (offset(end) == ahead) {
        return end + 1;
    }
    UnixTime changed = end;
    while (start + 1 < changed) {
        const UnixTime middle = start + (changed - start) / 2;
        (offset(middle) == ahead ? start : changed) = middle;
    }
    return changed;
}

} // namespace

CronExpression::CronExpression(std::string_view text) {
    if (text.size() >= too_long) {
        refuse("It has " + std::to_string(text.size()) + " bytes, and " + std::to_string(too_long - 1) +
               " at most are read.");
    }
    if (const auto seconds = read_interval(text)) {
        interval_ = *seconds;
        return;
    }
    const auto words = words_of(text);
    const bool shorthand = !words.empty() && words[0].starts_with('@');
    const std::size_t most = shorthand ? 1 : fields.size();
    if (words.size() > most) {
        refuse(std::string("Nothing may follow the ") + (shorthand ? "shorthand" : fields.back().name) + ": " +
               quoted(words[most]) + ".");
    }
    if (shorthand) {
        read_shorthand(words[0]);
    } else {
        read_fields(words, text);
    }
}

void CronExpression::read_shorthand(std::string_view word) {
    struct Shorthand {
        std::string_view name;
        std::string_view fields;
    };
    constexpr std::array shorthands = {
        Shorthand{"@yearly", "0 0 1 1 *"}, Shorthand{"@annually", "0 0 1 1 *"}, Shorthand{"@monthly", "0 0 1 * *"},
        Shorthand{"@weekly", "0 0 * * 0"}, Shorthand{"@daily", "0 0 * * *"},    Shorthand{"@midnight", "0 0 * * *"},
        Shorthand{"@hourly", "0 * * * *"},
    };
    if (word == "@reboot" || word == "@restart") {
        return; // at no time
    }
    const auto* found =
        std::find_if(shorthands.begin(), shorthands.end(), [&](const auto& s) { return s.name == word; });
    if (found == shorthands.end()) {
        refuse("shorthand", word);
    }
    read_fields(words_of(found->fields), found->fields);
}

void CronExpression::read_fields(const std::vector<std::string_view>& words, std::string_view text) {
    if (words.size() < fields.size()) {
        refuse(std::string("The ") + fields[words.size()].name + " is missing: " + quoted(text) + ".");
    }
    fields[Position::minute].read(words[Position::minute], minutes_);
    fields[Position::hour].read(words[Position::hour], hours_);
    last_day_ = words[Position::day] == "$";
    if (!last_day_) {
        fields[Position::day].read(words[Position::day], days_);
    }
    fields[Position::month].read(words[Position::month], months_);
    fields[Position::weekday].read(words[Position::weekday], weekdays_);
    if (weekdays_[0] || weekdays_[7]) {
        weekdays_.set(0).set(7);
    }
    any_day_ = words[Position::day].starts_with('*');
    any_weekday_ = words[Position::weekday].starts_with('*');
    by_clock_ = words[Position::minute].starts_with('*') || words[Position::hour].starts_with('*');
}

struct CronExpression::Date {
    unsigned month;
    unsigned day;
    unsigned last_day;
    unsigned weekday;

    // The date of a number of days since 1970. The calendar repeats itself after 400 years, weekdays too; std::chrono
    // ends in the year 32767.
    static Date of(std::int64_t days_since) {
        using namespace std::chrono;
        constexpr int cycle = 146'097;
        const sys_days date{days(days_since % cycle)};
        const year_month_day ymd{date};
        return {static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                static_cast<unsigned>((ymd.year() / ymd.month() / last).day()),
                std::chrono::weekday(date).c_encoding()};
    }
};

bool CronExpression::runs_on(const Date& date) const {
    const bool by_day = last_day_ ? date.day == date.last_day : days_[date.day];
    const bool by_weekday = weekdays_[date.weekday];
    return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

// The first time within [from, until] that the clock has to show. All are seconds since 1970, as if the clock showed
// UTC.
std::optional<std::int64_t> CronExpression::first_shown(std::int64_t from, std::int64_t until) const {
    for (std::int64_t minute = floor_div(from + 59, 60); minute * 60 <= until && minutes_.any() && hours_.any();) {
        const std::int64_t day = floor_div(minute, day_minutes);
        const auto minute_of_day = static_cast<std::size_t>(minute - day * day_minutes);
        const auto date = Date::of(day);
        if (!months_[date.month]) {
            minute = (day + date.last_day - date.day + 1) * day_minutes;
        } else if (!runs_on(date)) {
            minute = (day + 1) * day_minutes;
        } else if (!hours_[minute_of_day / 60]) {
            minute = floor_div(minute, 60) * 60 + 60;
        } else if (!minutes_[minute_of_day % 60]) {
            ++minute;
        } else {
            return minute * 60;
        }
    }
    return std::nullopt;
}

// Goes from one change of the clock to the next. A fixed time is looked for from the latest time that the clock has
// shown. So a gap is made up for where it ends, and nothing is repeated. Where the clock has not changed for a day, it
// repeats nothing.
std::optional<UnixTime> CronExpression::next(UnixTime after, const ZoneOffset& offset) const {
    if (interval_ > 0) {
        return after + interval_;
    }
    UnixTime start = after - day_s;
    std::int64_t shown = start + offset(start);
    for (;;) {
        const int ahead = offset(start);
        const std::int64_t later = std::max(start, after + 1) + ahead;
        const std::int64_t fixed = start > after ? shown : std::max(shown, later);
        const auto local = first_shown(by_clock_ ? later : fixed, after + longest_wait);
        if (!local) {
            return std::nullopt;
        }
        const UnixTime instant = std::max(*local - ahead, start);
        const UnixTime seen = std::min(instant, start + 2 * day_s);
        const UnixTime change = first_change(start, seen, offset);
        if (change <= seen) {
            shown = change + ahead;
            start = change;
        } else if (seen == instant) {
            return instant;
        } else { // changes until shortly before show nothing of interest
            start = instant - 2 * day_s;
            shown = std::max(shown, start + offset(start));
        }
    }
}

} // namespace helix
