// Cron expressions where clocks change, in real zones: times written down by hand, and a walk over every minute.
#include "../fuzz/cron_reference.hpp"
#include "core/schedules/cron.hpp"
#include "random_text.hpp"
#include "system_zone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace helix {
namespace {

constexpr UnixTime day_s = 86'400;

struct Change {
    const char* zone;
    const char* expression;
    const char* after;
    std::vector<std::string> next;
};

void expect_runs(const Change& change) {
    const SystemZone zone(change.zone);
    const CronExpression cron(change.expression);
    auto after = SystemZone::read(change.after);
    for (const auto& expected : change.next) {
        const auto next = cron.next(after, SystemZone::offset);
        ASSERT_TRUE(next);
        EXPECT_EQ(SystemZone::written(*next), expected)
            << change.zone << "  " << change.expression << "  after " << SystemZone::written(after);
        after = *next;
    }
}

TEST(CronZone, RunsWhatFallsIntoAGapAtItsEnd) {
    for (const auto& change : std::initializer_list<Change>{
             {"America/New_York",
              "30 2 * * *",
              "2024-03-09 12:00 -0500",
              {"2024-03-10 03:00 -0400", "2024-03-11 02:30 -0400"}},
             {"America/New_York",
              "0,15,59 2 * * *",
              "2024-03-10 01:00 -0500",
              {"2024-03-10 03:00 -0400", "2024-03-11 02:00 -0400"}},
             {"America/New_York",
              "30 2,3 * * *",
              "2024-03-10 01:59 -0500",
              {"2024-03-10 03:00 -0400", "2024-03-10 03:30 -0400"}},
             {"America/New_York",
              "0 2,3 * * *",
              "2024-03-09 12:00 -0500",
              {"2024-03-10 03:00 -0400", "2024-03-11 02:00 -0400"}},
             {"America/New_York",
              "30 2 10 3 *",
              "2024-01-01 00:00 -0500",
              {"2024-03-10 03:00 -0400", "2025-03-10 02:30 -0400"}},
             {"America/New_York",
              "30 2 * * sun",
              "2024-03-04 00:00 -0500",
              {"2024-03-10 03:00 -0400", "2024-03-17 02:30 -0400"}},
             {"America/New_York",
              "30 1 * * *",
              "2024-03-09 12:00 -0500",
              {"2024-03-10 01:30 -0500", "2024-03-11 01:30 -0400"}},
             {"Europe/Berlin",
              "0 2 * * *",
              "2024-03-30 12:00 +0100",
              {"2024-03-31 03:00 +0200", "2024-04-01 02:00 +0200"}},
             {"Europe/Berlin",
              "59 2 $ 3 *",
              "2024-03-30 12:00 +0100",
              {"2024-03-31 03:00 +0200", "2025-03-31 02:59 +0200"}},
             {"Australia/Lord_Howe",
              "15 2 * * *",
              "2024-10-05 12:00 +1030",
              {"2024-10-06 02:30 +1100", "2024-10-07 02:15 +1100"}},
             {"Australia/Lord_Howe",
              "30 2 * * *",
              "2024-10-05 12:00 +1030",
              {"2024-10-06 02:30 +1100", "2024-10-07 02:30 +1100"}},
             {"America/Sao_Paulo",
              "0 0 * * *",
              "2018-11-03 12:00 -0300",
              {"2018-11-04 01:00 -0200", "2018-11-05 00:00 -0200"}},
             {"America/Sao_Paulo", "@daily", "2018-11-04 00:59 -0300", {"2018-11-05 00:00 -0200"}},
             {"America/Sao_Paulo",
              "@weekly",
              "2018-11-01 12:00 -0300",
              {"2018-11-04 01:00 -0200", "2018-11-11 00:00 -0200"}},
             {"Asia/Beirut",
              "30 0 * * *",
              "2022-03-26 12:00 +0200",
              {"2022-03-27 01:00 +0300", "2022-03-28 00:30 +0300"}},
             {"Africa/Cairo",
              "0 0 * * fri",
              "2024-04-25 12:00 +0200",
              {"2024-04-26 01:00 +0300", "2024-05-03 00:00 +0300"}},
             {"Pacific/Apia",
              "0 12 * * *",
              "2011-12-29 00:00 -1000",
              {"2011-12-29 12:00 -1000", "2011-12-31 00:00 +1400", "2011-12-31 12:00 +1400"}},
             {"Pacific/Apia",
              "0 0 * * *",
              "2011-12-29 00:00 -1000",
              {"2011-12-31 00:00 +1400", "2012-01-01 00:00 +1400"}},
             {"Pacific/Apia",
              "0 12 30 12 *",
              "2011-12-29 00:00 -1000",
              {"2011-12-31 00:00 +1400", "2012-12-30 12:00 +1400"}},
             {"Pacific/Apia",
              "0 12 * * fri",
              "2011-12-29 00:00 -1000",
              {"2011-12-31 00:00 +1400", "2012-01-06 12:00 +1400"}},
         }) {
        expect_runs(change);
    }
}

TEST(CronZone, RunsFixedTimesOnceWhereTheClockRepeatsThem) {
    for (const auto& change : std::initializer_list<Change>{
             {"America/New_York",
              "30 1 * * *",
              "2024-11-02 12:00 -0400",
              {"2024-11-03 01:30 -0400", "2024-11-04 01:30 -0500"}},
             {"America/New_York", "30 1 * * *", "2024-11-03 01:45 -0400", {"2024-11-04 01:30 -0500"}},
             {"America/New_York", "30 1 * * *", "2024-11-03 01:15 -0500", {"2024-11-04 01:30 -0500"}},
             {"America/New_York",
              "0,30 1,2 * * *",
              "2024-11-03 01:00 -0400",
              {"2024-11-03 01:30 -0400", "2024-11-03 02:00 -0500"}},
             {"Europe/Berlin",
              "0 2 * * *",
              "2024-10-26 12:00 +0200",
              {"2024-10-27 02:00 +0200", "2024-10-28 02:00 +0100"}},
             {"Europe/Berlin",
              "0 3 * * *",
              "2024-10-26 12:00 +0200",
              {"2024-10-27 03:00 +0100", "2024-10-28 03:00 +0100"}},
             {"Australia/Lord_Howe",
              "45 1 * * *",
              "2024-04-06 12:00 +1100",
              {"2024-04-07 01:45 +1100", "2024-04-08 01:45 +1030"}},
             {"America/Sao_Paulo",
              "30 23 * * *",
              "2018-02-17 12:00 -0200",
              {"2018-02-17 23:30 -0200", "2018-02-18 23:30 -0300"}},
             {"America/Sao_Paulo",
              "0 0 * * *",
              "2018-02-17 12:00 -0200",
              {"2018-02-18 00:00 -0300", "2018-02-19 00:00 -0300"}},
             {"Antarctica/Troll",
              "30 2 * * *",
              "2024-10-27 00:15 +0200",
              {"2024-10-27 02:30 +0200", "2024-10-28 02:30 +0000"}},
             {"Antarctica/Troll", "30 2 * * *", "2024-10-27 02:15 +0000", {"2024-10-28 02:30 +0000"}},
             {"Africa/Cairo",
              "15 23 $ * *",
              "2024-10-31 12:00 +0300",
              {"2024-10-31 23:15 +0300", "2024-11-30 23:15 +0200"}},
         }) {
        expect_runs(change);
    }
}

TEST(CronZone, RunsStarsByTheClock) {
    for (const auto& change : std::initializer_list<Change>{
             {"America/New_York",
              "0 * * * *",
              "2024-03-10 00:30 -0500",
              {"2024-03-10 01:00 -0500", "2024-03-10 03:00 -0400"}},
             {"America/New_York",
              "30 * * * *",
              "2024-03-10 01:00 -0500",
              {"2024-03-10 01:30 -0500", "2024-03-10 03:30 -0400"}},
             {"America/New_York", "*/30 2 * * *", "2024-03-09 12:00 -0500", {"2024-03-11 02:00 -0400"}},
             {"America/New_York",
              "30 * * * *",
              "2024-11-03 01:00 -0400",
              {"2024-11-03 01:30 -0400", "2024-11-03 01:30 -0500", "2024-11-03 02:30 -0500"}},
             {"America/New_York",
              "*/30 1 * * *",
              "2024-11-03 01:29 -0400",
              {"2024-11-03 01:30 -0400", "2024-11-03 01:00 -0500", "2024-11-03 01:30 -0500", "2024-11-04 01:00 -0500"}},
             {"America/New_York",
              "@hourly",
              "2024-11-03 00:30 -0400",
              {"2024-11-03 01:00 -0400", "2024-11-03 01:00 -0500", "2024-11-03 02:00 -0500"}},
             {"Australia/Lord_Howe",
              "15 * * * *",
              "2024-10-06 01:00 +1030",
              {"2024-10-06 01:15 +1030", "2024-10-06 03:15 +1100"}},
             {"Australia/Lord_Howe",
              "45 * * * *",
              "2024-04-07 01:00 +1100",
              {"2024-04-07 01:45 +1100", "2024-04-07 01:45 +1030", "2024-04-07 02:45 +1030"}},
             {"Africa/Cairo",
              "0 */12 * * *",
              "2024-04-25 06:00 +0200",
              {"2024-04-25 12:00 +0200", "2024-04-26 12:00 +0300"}},
             {"Pacific/Apia",
              "0 */12 * * *",
              "2011-12-29 06:00 -1000",
              {"2011-12-29 12:00 -1000", "2011-12-31 00:00 +1400"}},
             {"Pacific/Apia", "0 * 30 12 *", "2011-12-29 06:00 -1000", {"2012-12-30 00:00 +1400"}},
             {"Pacific/Apia", "* * * * *", "2011-12-29 23:59 -1000", {"2011-12-31 00:00 +1400"}},
         }) {
        expect_runs(change);
    }
}

TEST(CronZone, KnowsOtherOffsets) {
    for (const auto& change : std::initializer_list<Change>{
             {"UTC", "30 2 * * *", "2024-03-10 00:00 +0000", {"2024-03-10 02:30 +0000", "2024-03-11 02:30 +0000"}},
             {"Asia/Kathmandu", "0 0 * * *", "2024-01-01 18:14 +0000", {"2024-01-02 00:00 +0545"}},
             {"Asia/Kathmandu", "0 * * * *", "2024-01-01 18:15 +0000", {"2024-01-02 01:00 +0545"}},
             {"Pacific/Kiritimati", "0 0 1 1 *", "2024-12-31 09:59 +0000", {"2025-01-01 00:00 +1400"}},
             {"America/New_York", "0 0 29 2 *", "2024-03-01 00:00 -0500", {"2028-02-29 00:00 -0500"}},
         }) {
        expect_runs(change);
    }
}

// In Berlin the last Sunday's two o'clock in March never comes.
TEST(CronZone, GivesUpOnWhatIsAlwaysInAGap) {
    const SystemZone zone("Europe/Berlin");
    EXPECT_EQ(CronExpression("*/30 2 25-31 3 */7").next(SystemZone::read("2024-01-01 00:00 +0000"), SystemZone::offset),
              std::nullopt);
}

struct ZoneAndChange {
    const char* zone;
    const char* change;
};

constexpr ZoneAndChange zones[] = {
    {"America/New_York", "2024-03-10 03:00 -0400"},
    {"America/New_York", "2024-11-03 01:00 -0500"},
    {"Europe/Berlin", "2024-03-31 03:00 +0200"},
    {"Europe/Berlin", "2024-10-27 02:00 +0100"},
    {"Australia/Lord_Howe", "2024-10-06 02:30 +1100"},
    {"Australia/Lord_Howe", "2024-04-07 01:30 +1030"},
    {"America/Sao_Paulo", "2018-11-04 01:00 -0200"},
    {"America/Sao_Paulo", "2018-02-17 23:00 -0300"},
    {"Asia/Beirut", "2022-03-27 01:00 +0300"},
    {"Africa/Cairo", "2024-10-31 23:00 +0200"},
    {"Pacific/Apia", "2011-12-31 00:00 +1400"},
    {"Pacific/Kwajalein", "1993-08-22 00:00 +1200"},
    {"Africa/Casablanca", "2024-03-10 02:00 +0000"},
    {"Antarctica/Troll", "2024-03-31 03:00 +0200"},
    {"Antarctica/Troll", "2024-10-27 01:00 +0000"},
    {"Asia/Kathmandu", "2024-01-01 00:00 +0545"},
    {"UTC", "2024-02-29 00:00 +0000"},
};

std::string random_field(std::mt19937_64& random, int low, int high) {
    const auto value = [&] {
        return low + static_cast<int>(random_below(random, static_cast<std::size_t>(high - low + 1)));
    };
    const auto part = [&]() -> std::string {
        const auto step = random_below(random, 3) == 0 ? "/" + std::to_string(1 + random_below(random, 20)) : "";
        const int one = value();
        const int other = value();
        switch (random_below(random, 4)) {
        case 0:
            return "*" + step;
        case 1:
            return std::to_string(std::min(one, other)) + "-" + std::to_string(std::max(one, other)) + step;
        default:
            return std::to_string(one);
        }
    };
    auto field = part();
    while (random_below(random, 3) == 0) {
        field += "," + part();
    }
    return field;
}

// Most often the hours and days of the changes.
std::string random_expression(std::mt19937_64& random) {
    static const std::vector<std::string> minutes = {"*", "0", "30", "0,30", "59", "*/15", "15"};
    static const std::vector<std::string> hours = {"*", "0", "1", "2", "3", "23", "1-3", "0-1", "*/2", "12"};
    static const std::vector<std::string> days = {"*", "*", "*", "$", "10", "30,31", "*/2"};
    static const std::vector<std::string> weekdays = {"*", "*", "*", "sun", "sat-7", "5", "*/3", "mon-fri"};
    const bool any = random_below(random, 3) == 0;
    return (any ? random_field(random, 0, 59) : any_of(random, minutes)) + " " +
           (any ? random_field(random, 0, 23) : any_of(random, hours)) + " " +
           (any ? random_field(random, 1, 31) : any_of(random, days)) + " " +
           (random_below(random, 4) == 0 ? random_field(random, 1, 12) : "*") + " " +
           (any ? random_field(random, 0, 7) : any_of(random, weekdays));
}

// Minute by minute from three days before the change to five after it.
void expect_as_reference(const std::string& expression, UnixTime change, const ZoneOffset& cached,
                         std::mt19937_64& random) {
    const UnixTime begin = change - 3 * day_s;
    const UnixTime end = change + 5 * day_s;
    const auto runs = CronReference(expression).runs(begin, end, cached);
    const CronExpression cron(expression);
    for (int i = 0; i < 20; ++i) {
        auto after = i == 0 ? begin : change + static_cast<UnixTime>(random_below(random, 3 * day_s)) - 2 * day_s;
        for (auto run = std::upper_bound(runs.begin(), runs.end(), after); i < 40; ++run, i += 2) {
            const auto next = cron.next(after, SystemZone::offset);
            if (run == runs.end()) {
                ASSERT_TRUE(!next || *next > end) << expression << "  after " << after << ": " << *next;
                break;
            }
            ASSERT_TRUE(next) << expression << "  after " << after << ": never, not " << *run;
            ASSERT_EQ(*next, *run) << expression << "  after " << after << ": " << SystemZone::written(*next);
            after = *next;
        }
    }
}

TEST(CronZone, AgreesWithAWalkOverEveryMinute) {
    std::mt19937_64 random(1);
    for (const auto& [name, changed] : zones) {
        const SystemZone zone(name);
        const auto change = SystemZone::read(changed);
        std::vector<int> offsets; // of every minute
        for (int minute = 0; minute <= 8 * 1'440; ++minute) {
            offsets.push_back(SystemZone::offset(change - 3 * day_s + minute * 60));
        }
        const auto cached = [&](UnixTime time) {
            return offsets[static_cast<std::size_t>((time - change + 3 * day_s) / 60)];
        };
        for (int i = 0; i < 75 && !testing::Test::HasFatalFailure(); ++i) {
            SCOPED_TRACE(name);
            expect_as_reference(random_expression(random), change, cached, random);
        }
    }
}

} // namespace
} // namespace helix
