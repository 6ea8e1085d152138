// Cron expressions without cleverness, for fuzzing and unit tests. Every value asks every part of its field, and the
// time is found by walking over every minute. Reads well-formed fields only.
#pragma once

#include "core/schedules/cron.hpp"

#include <array>
#include <cctype>
#include <ctime>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace helix {

inline int reference_value(std::string text, int low) {
    static const std::string names = "jan1 feb2 mar3 apr4 may5 jun6 jul7 aug8 sep9 oct10 nov11 dec12 "
                                     "sun0 mon1 tue2 wed3 thu4 fri5 sat6 ";
    for (char& c : text) {
        c = static_cast<char>(std::tolower(c));
    }
    const auto at =
        std::isdigit(text.at(0)) != 0 ? std::string::npos : names.find(text, low == 1 ? 0 : names.find("sun"));
    return std::stoi(at == std::string::npos ? text : names.substr(at + text.size()));
}

inline bool reference_field_has(const std::string& field, int low, int high, int value) {
    std::istringstream parts(field);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto slash = part.find('/');
        const auto range = part.substr(0, slash);
        const auto dash = range.find('-');
        const int first = range == "*" ? low : reference_value(range.substr(0, dash), low);
        const int last = range == "*"                ? high
                         : dash == std::string::npos ? first
                                                     : reference_value(range.substr(dash + 1), low);
        const int step = slash == std::string::npos ? 1 : std::stoi(part.substr(slash + 1));
        if (value >= first && value <= last && (value - first) % step == 0) {
            return true;
        }
    }
    return false;
}

class CronReference {
  public:
    explicit CronReference(const std::string& expression) {
        std::istringstream words(expression);
        for (auto& field : fields_) {
            words >> field;
        }
        for (int i = 0; i < 60; ++i) {
            const auto at = static_cast<std::size_t>(i);
            minutes_[at] = reference_field_has(fields_[0], 0, 59, i);
            hours_[at] = reference_field_has(fields_[1], 0, 23, i);
            days_[at] = fields_[2] != "$" && reference_field_has(fields_[2], 1, 31, i);
            months_[at] = reference_field_has(fields_[3], 1, 12, i);
            weekdays_[at] =
                reference_field_has(fields_[4], 0, 7, i) || (i == 0 && reference_field_has(fields_[4], 0, 7, 7));
        }
    }

    // Whether the minute that begins when the clock shows `shown` (seconds since 1970 as if it were UTC) is meant.
    bool means(std::int64_t shown) const {
        const auto date = date_of(shown);
        const bool day = days_[static_cast<std::size_t>(date.tm_mday)] ||
                         (fields_[2] == "$" && date_of(shown + 86'400).tm_mday == 1);
        const bool weekday = weekdays_[static_cast<std::size_t>(date.tm_wday)];
        const bool both = fields_[2].at(0) == '*' || fields_[4].at(0) == '*';
        return minutes_[static_cast<std::size_t>(date.tm_min)] && hours_[static_cast<std::size_t>(date.tm_hour)] &&
               months_[static_cast<std::size_t>(date.tm_mon + 1)] && (both ? day && weekday : day || weekday);
    }

    // Every time within (begin, end], on whole minutes. The clock has not changed for a day before `begin`.
    std::vector<UnixTime> runs(UnixTime begin, UnixTime end, const ZoneOffset& offset) const {
        const bool by_clock = fields_[0].at(0) == '*' || fields_[1].at(0) == '*';
        std::vector<UnixTime> found;
        std::int64_t latest = begin + offset(begin); // that the clock has shown
        for (UnixTime now = begin + 60; now <= end; now += 60) {
            const std::int64_t shown = now + offset(now);
            bool runs = by_clock && means(shown);
            for (; !by_clock && latest < shown; latest += 60) {
                runs = means(latest + 60) || runs;
            }
            if (runs) {
                found.push_back(now);
            }
        }
        return found;
    }

  private:
    static std::tm date_of(std::time_t shown) {
        std::tm date{};
        gmtime_r(&shown, &date);
        return date;
    }

    std::array<std::string, 5> fields_;
    std::array<bool, 60> minutes_{};
    std::array<bool, 60> hours_{};
    std::array<bool, 60> days_{};
    std::array<bool, 60> months_{};
    std::array<bool, 60> weekdays_{};
};

} // namespace helix
