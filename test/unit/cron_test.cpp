// Cron expressions: what pg_cron accepts and refuses, and which days and times are meant. By the clock of UTC.
#include "core/error.hpp"
#include "core/schedules/cron.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <string>
#include <vector>

namespace helix {
namespace {

int utc(UnixTime) {
    return 0;
}

UnixTime instant(const char* text) {
    std::tm fields{};
    EXPECT_NE(strptime(text, "%Y-%m-%d %H:%M:%S", &fields), nullptr) << text;
    return timegm(&fields);
}

std::string written(UnixTime time) {
    char text[32];
    std::tm fields{};
    gmtime_r(&time, &fields);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields)};
}

std::string next_of(std::string_view expression, const char* after) {
    const auto next = CronExpression(expression).next(instant(after), utc);
    return next ? written(*next) : "never";
}

// The runs from 2024-01-01, a Monday, on.
std::vector<UnixTime> first_runs(std::string_view expression, std::size_t most) {
    const CronExpression cron(expression);
    std::vector<UnixTime> runs;
    auto next = cron.next(instant("2023-12-31 23:59:59"), utc);
    for (; next && runs.size() < most; next = cron.next(*next, utc)) {
        runs.push_back(*next);
    }
    return runs;
}

std::string detail_of(std::string_view expression) {
    try {
        const CronExpression accepted(expression);
        return "accepted";
    } catch (const Error& error) {
        EXPECT_STREQ(error.sqlstate, "22023");
        EXPECT_EQ(error.message, "invalid cron expression");
        EXPECT_NE(error.hint.find(error.detail.starts_with("A range") ? "fri-sat,sun-mon" : "30 4 * * mon-fri"),
                  std::string::npos);
        return error.detail;
    }
}

TEST(Cron, ReadsWhatPgCronReads) {
    struct Same {
        std::string_view text;
        std::string_view plain;
    };
    for (const auto& [text, plain] : std::initializer_list<Same>{
             {"@yearly", "0 0 1 1 *"},
             {"@annually", "0 0 1 1 *"},
             {"@monthly", "0 0 1 * *"},
             {"@weekly", "0 0 * * 0"},
             {"@daily", "0 0 * * *"},
             {"@midnight", "0 0 * * *"},
             {"@hourly", "0 * * * *"},
             {" \t@hourly", "0 * * * *"},
             {"\t5  4\t* * *  ", "5 4 * * *"},
             {"0 0 1 JAN *", "0 0 1 1 *"},
             {"0 0 1 jan,Feb,dec *", "0 0 1 1,2,12 *"},
             {"0 0 1 mar-jun/2 *", "0 0 1 3,5 *"},
             {"0 0 * * mon-fri", "0 0 * * 1,2,3,4,5"},
             {"0 0 * * Mon-5", "0 0 * * 1-5"},
             {"0 0 * * 7", "0 0 * * 0"},
             {"0 0 * * sun", "0 0 * * 0"},
             {"0 0 * * sat-7", "0 0 * * 0,6"},
             {"0 0 * * 5-7", "0 0 * * 0,5,6"},
             {"0 0 * * 1-7/2", "0 0 * * 0,1,3,5"},
             {"*/15 * * * *", "0,15,30,45 * * * *"},
             {"10-40/15 * * * *", "10,25,40 * * * *"},
             {"7-59/26 * * * *", "7,33,59 * * * *"},
             {"59,0,30,30 * * * *", "0,30,59 * * * *"},
             {"*/5000 * * * *", "0 * * * *"},
             {"*/2147483647 * * * *", "0 * * * *"},
             {"5-59/2147483647 * * * *", "5 * * * *"},
             {"3,* * * * *", "* * * * *"},
             {"*,3 * * * *", "* * * * *"},
             {"007 0004 * * *", "7 4 * * *"},
         }) {
        ASSERT_EQ(detail_of(text), "accepted") << text;
        EXPECT_EQ(first_runs(text, 400), first_runs(plain, 400)) << text;
    }
}

TEST(Cron, RefusesWhatPgCronRefusesAndSaysWhere) {
    struct Refused {
        std::string_view text;
        const char* detail;
    };
    for (const auto& [text, detail] : std::initializer_list<Refused>{
             {"", "The minute is missing: \"\"."},
             {" \t ", "The minute is missing: \" \t \"."},
             {"5", "The hour is missing: \"5\"."},
             {"* * * *", "The day of the week is missing: \"* * * *\"."},
             {"* * * *\n*", "The day of the week is missing: \"* * * *\n*\"."},
             {"60 * * * *", "The minute cannot be read: \"60\"."},
             {"-1 * * * *", "The minute cannot be read: \"-1\"."},
             {"+5 * * * *", "The minute cannot be read: \"+5\"."},
             {"jan * * * *", "The minute cannot be read: \"jan\"."},
             {"1,,2 * * * *", "The minute cannot be read: \"1,,2\"."},
             {"1, * * * *", "The minute cannot be read: \"1,\"."},
             {",1 * * * *", "The minute cannot be read: \",1\"."},
             {"5/10 * * * *", "The minute cannot be read: \"5/10\"."},
             {"5/ * * * *", "The minute cannot be read: \"5/\"."},
             {"0 4L * * *", "The hour cannot be read: \"4L\"."},
             {"0 0 3W * *", "The day of the month cannot be read: \"3W\"."},
             {"*/0 * * * *", "The minute cannot be read: \"*/0\"."},
             {"*/ * * * *", "The minute cannot be read: \"*/\"."},
             {"*/x * * * *", "The minute cannot be read: \"*/x\"."},
             {"*/-5 * * * *", "The minute cannot be read: \"*/-5\"."},
             {"*/2147483648 * * * *", "The minute cannot be read: \"*/2147483648\"."},
             {"4294967301 * * * *", "The minute cannot be read: \"4294967301\"."},
             {"1- * * * *", "The minute cannot be read: \"1-\"."},
             {"1-60 * * * *", "The minute cannot be read: \"1-60\"."},
             {"5-64/30 * * * *", "The minute cannot be read: \"5-64/30\"."},
             {"1-* * * * *", "The minute cannot be read: \"1-*\"."},
             {"5x * * * *", "The minute cannot be read: \"5x\"."},
             {"? * * * *", "The minute cannot be read: \"?\"."},
             {"\xc2\xa0"
              "5 * * * *",
              "The minute cannot be read: \"\xc2\xa0"
              "5\"."},
             {"* 24 * * *", "The hour cannot be read: \"24\"."},
             {"* * 0 * *", "The day of the month cannot be read: \"0\"."},
             {"* * 32 * *", "The day of the month cannot be read: \"32\"."},
             {"* * L * *", "The day of the month cannot be read: \"L\"."},
             {"* * $5 * *", "The day of the month cannot be read: \"$5\"."},
             {"* * 5,$ * *", "The day of the month cannot be read: \"5,$\"."},
             {"* * $,5 * *", "The day of the month cannot be read: \"$,5\"."},
             {"$ * * * *", "The minute cannot be read: \"$\"."},
             {"* * * * $", "The day of the week cannot be read: \"$\"."},
             {"* * * 0 *", "The month cannot be read: \"0\"."},
             {"* * * 13 *", "The month cannot be read: \"13\"."},
             {"* * * january *", "The month cannot be read: \"january\"."},
             {"* * * mon *", "The month cannot be read: \"mon\"."},
             {"* * * ja *", "The month cannot be read: \"ja\"."},
             {"* * * */feb *", "The month cannot be read: \"*/feb\"."},
             {"* * * * 8", "The day of the week cannot be read: \"8\"."},
             {"* * * * monday", "The day of the week cannot be read: \"monday\"."},
             {"* * * * jan", "The day of the week cannot be read: \"jan\"."},
             {"@Hourly", "The shorthand cannot be read: \"@Hourly\"."},
             {"@", "The shorthand cannot be read: \"@\"."},
             {"@every", "The shorthand cannot be read: \"@every\"."},
         }) {
        EXPECT_EQ(detail_of(text), detail) << text;
    }
}

TEST(Cron, RefusesWhatPgCronPassesOver) {
    struct Refused {
        std::string_view text;
        const char* detail;
    };
    for (const auto& [text, detail] : std::initializer_list<Refused>{
             {"0 0 12 * * *", "Nothing may follow the day of the week: \"*\"."},
             {"*/10 * * * * *", "Nothing may follow the day of the week: \"*\"."},
             {"0 0 12 * * ?", "Nothing may follow the day of the week: \"?\"."},
             {"5 4 * * * command", "Nothing may follow the day of the week: \"command\"."},
             {"@hourly or so", "Nothing may follow the shorthand: \"or\"."},
             {"0 9 * * 1#1", "The day of the week cannot be read: \"1#1\"."},
             {"0 7 * * 1;drop", "The day of the week cannot be read: \"1;drop\"."},
             {"** * * * *", "The minute cannot be read: \"**\"."},
             {"*5 * * * *", "The minute cannot be read: \"*5\"."},
             {"*/5/2 * * * *", "The minute cannot be read: \"*/5/2\"."},
             {"1-5-7 * * * *", "The minute cannot be read: \"1-5-7\"."},
             {"4. * * * *", "The minute cannot be read: \"4.\"."},
             {"* * 3$ * *", "The day of the month cannot be read: \"3$\"."},
             {"5 4 * * *\n", "The day of the week cannot be read: \"*\n\"."},
             {"5 4 * * *\r\n", "The day of the week cannot be read: \"*\r\n\"."},
             {"5 4 * * *\nanything", "The day of the week cannot be read: \"*\nanything\"."},
             {"# at dawn\n5 4 * * *", "Nothing may follow the day of the week: \"*\"."},
             {"0 0 * * fri-mon", "A range of the day of the week goes down: \"fri-mon\"."},
             {"50-10 * * * *", "A range of the minute goes down: \"50-10\"."},
             {"5,50-10/5 * * * *", "A range of the minute goes down: \"5,50-10/5\"."},
         }) {
        EXPECT_EQ(detail_of(text), detail) << text;
    }
}

TEST(Cron, ReadsIntervals) {
    for (const auto& [text, seconds] : std::initializer_list<std::pair<const char*, int>>{
             {"1 second", 1},
             {"1 seconds", 1},
             {"59 second", 59},
             {" 30\t\nSeconds \n", 30},
             {"30seconds", 30},
             {"+5 seconds", 5},
             {"007 SECOND", 7},
         }) {
        const CronExpression cron(text);
        EXPECT_EQ(cron.interval_seconds(), seconds) << text;
        EXPECT_EQ(cron.next(1'000, utc), 1'000 + seconds) << text;
    }
    EXPECT_EQ(CronExpression("* * * * *").interval_seconds(), std::nullopt);
    EXPECT_EQ(detail_of("60 seconds"), "The number of seconds cannot be read: \"60 seconds\".");
    for (const auto* text :
         {"0 seconds", "60 seconds", "99999999999 seconds", "-5 seconds", "5 second ", "5 second s", "5 seconds x",
          "5 secons", "5 secondss", "seconds", "5", "5 minutes", "1.5 seconds", "5 s"}) {
        EXPECT_NE(detail_of(text), "accepted") << text;
    }
}

TEST(Cron, RefusesLongTexts) {
    const std::string text = "* * * * *";
    EXPECT_EQ(detail_of(text + std::string(990, ' ')), "accepted");
    EXPECT_EQ(detail_of(text + std::string(991, ' ')), "It has 1000 bytes, and 999 at most are read.");
    EXPECT_EQ(detail_of(std::string(8'000'000, '5')), "It has 8000000 bytes, and 999 at most are read.");
}

TEST(Cron, NeverRunsWhatNeverComes) {
    for (const auto* text : {"@reboot", "@restart", " @reboot ", "0 0 30 2 *", "0 0 31 2,4,6,9,11 *"}) {
        EXPECT_EQ(next_of(text, "2024-01-01 00:00:00"), "never") << text;
    }
}

TEST(Cron, TakesEitherDayWhereBothAreRestricted) {
    struct Case {
        const char* expression;
        const char* after;
        const char* next;
    };
    for (const auto& [expression, after, next] : std::initializer_list<Case>{
             {"0 0 10 * mon", "2024-01-01 00:00:00", "2024-01-08 00:00:00"},
             {"0 0 10 * mon", "2024-01-08 00:00:00", "2024-01-10 00:00:00"},
             {"0 0 10 * *", "2024-01-01 00:00:00", "2024-01-10 00:00:00"},
             {"0 0 * * mon", "2024-01-01 00:00:00", "2024-01-08 00:00:00"},
             {"0 0 */2 * mon", "2024-01-01 00:00:00", "2024-01-15 00:00:00"}, // a star: both, here odd Mondays
             {"0 0 1-31/2 * mon", "2024-01-01 00:00:00", "2024-01-03 00:00:00"},
             {"0 0 13 * */5", "2024-01-01 00:00:00", "2024-09-13 00:00:00"}, // a star: Sunday or Friday the 13th
             {"0 0 13 * 0,5", "2024-01-01 00:00:00", "2024-01-05 00:00:00"},
             {"0 0 *,13 * mon", "2024-01-01 00:00:00", "2024-01-08 00:00:00"},
             {"0 0 13,* * mon", "2024-01-01 00:00:00", "2024-01-02 00:00:00"}, // no star in front
             {"0 0 $ * *", "2024-01-31 00:00:00", "2024-02-29 00:00:00"},
             {"0 0 $ * *", "2023-01-31 00:00:00", "2023-02-28 00:00:00"},
             {"0 0 $ * *", "2100-02-01 00:00:00", "2100-02-28 00:00:00"},
             {"0 0 $ * *", "2000-02-28 12:00:00", "2000-02-29 00:00:00"},
             {"0 0 $ 4 *", "2024-01-31 00:00:00", "2024-04-30 00:00:00"},
             {"0 0 $ * sun", "2024-01-28 00:00:00", "2024-01-31 00:00:00"},
             {"0 0 $ * */6", "2024-01-01 00:00:00", "2024-03-31 00:00:00"},
         }) {
        EXPECT_EQ(next_of(expression, after), next) << expression;
    }
}

TEST(Cron, FindsTheNextTime) {
    struct Case {
        const char* expression;
        const char* after;
        const char* next;
    };
    for (const auto& [expression, after, next] : std::initializer_list<Case>{
             {"* * * * *", "2024-01-01 00:00:00", "2024-01-01 00:01:00"},
             {"* * * * *", "2024-01-01 00:00:01", "2024-01-01 00:01:00"},
             {"* * * * *", "2023-12-31 23:59:59", "2024-01-01 00:00:00"},
             {"0 0 * * *", "2023-12-31 23:59:59", "2024-01-01 00:00:00"},
             {"59 23 31 12 *", "2023-12-31 23:59:00", "2024-12-31 23:59:00"},
             {"5 4 * * *", "1969-12-31 04:04:59", "1969-12-31 04:05:00"},
             {"5 4 * * *", "1969-12-31 04:05:00", "1970-01-01 04:05:00"},
             {"0 0 29 2 *", "2024-02-29 00:00:00", "2028-02-29 00:00:00"},
             {"0 0 29 2 *", "1896-02-29 00:00:00", "1904-02-29 00:00:00"},
             {"0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00"},
             {"0 0 29 2 mon", "2024-02-29 00:00:00", "2025-02-03 00:00:00"},
             {"0 0 29 2 */7", "2004-02-29 00:00:00", "2032-02-29 00:00:00"},
             {"0 0 29 2 */7", "2088-02-29 00:00:00", "2128-02-29 00:00:00"}, // the longest wait, across 2100
         }) {
        EXPECT_EQ(next_of(expression, after), next) << expression;
    }
}

TEST(Cron, HoldsAsFarAsTimestampsGo) {
    constexpr UnixTime cycle = 146'097LL * 86'400; // 400 years, after which dates fall on the same weekdays
    for (const auto after : {instant("2096-03-01 00:00:00"), instant("2100-02-01 00:00:00")}) {
        for (const auto* text : {"0 0 29 2 *", "0 0 29 2 */7", "0 0 $ * *", "0 0 * * mon", "5 4 * * *"}) {
            const CronExpression cron(text);
            const auto next = cron.next(after, utc);
            ASSERT_TRUE(next) << text;
            for (const int cycles : {-17, -5, 1, 80, 730}) { // from 4713 before Christ to the year 294276
                EXPECT_EQ(cron.next(after + cycles * cycle, utc), *next + cycles * cycle) << text << " " << cycles;
            }
        }
    }
}

// Bounds that a slow machine under load keeps too; measured, the slowest takes 0.3 ms.
TEST(Cron, IsFast) {
    for (const auto* text : {"* * * * *", "0 0 29 2 mon", "0 0 29 2 */7", "0 0 30 2 *", "59 23 $ dec *"}) {
        const CronExpression cron(text);
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 10; ++i) {
            (void)cron.next(instant("2089-01-01 00:00:00"), utc);
        }
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200)) << text;
    }
}

} // namespace
} // namespace helix
