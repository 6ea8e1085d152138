// How many calls a limit lets through, and when the next one may come.
#include "core/webhooks/rate_limit.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t start = 1'000'000 * second;

TEST(CellRate, AdmitsAMinutesCallsAtOnceAndThenEvenly) {
    CellRate rate;
    for (int call = 0; call < 3; ++call) {
        EXPECT_EQ(rate.admit(start, 3), 0) << call;
    }
    EXPECT_EQ(rate.admit(start, 3), 20 * second);
    EXPECT_EQ(rate.admit(start + 19 * second, 3), second);
    EXPECT_EQ(rate.admit(start + 20 * second, 3), 0);
    EXPECT_EQ(rate.admit(start + 20 * second, 3), 20 * second) << "a refused call counts nothing";
}

TEST(CellRate, ForgetsWhatAClockThatWentBackHasLeft) {
    CellRate rate;
    EXPECT_EQ(rate.admit(start, 1), 0);
    EXPECT_EQ(rate.admit(start - 60 * second, 1), 120 * second);
    EXPECT_EQ(rate.admit(start - 90 * second, 1), 0);
}

} // namespace
} // namespace helix
