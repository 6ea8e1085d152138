// Repetitions are never early, late by less than a step, and together where they can be.
#include "core/cache/repetition.hpp"

#include <gtest/gtest.h>

#include <set>

namespace helix {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

TEST(Repetition, HasStepsOfAQuarterAndABound) {
    EXPECT_EQ(repetition_step(1ms), 250us);
    EXPECT_EQ(repetition_step(100ms), 25ms);
    EXPECT_EQ(repetition_step(499ms), 124'750us);
    EXPECT_EQ(repetition_step(500ms), 125ms);
    EXPECT_EQ(repetition_step(60s), 125ms);
}

TEST(Repetition, IsNeverEarlyAndLessThanAStepLate) {
    for (const std::chrono::milliseconds delay : {1ms, 3ms, 50ms, 500ms, 60'000ms}) {
        for (std::int64_t ns = 0; ns < 2'000'000'000; ns += 7'919'777) {
            const Time sent(1'000'000s + std::chrono::nanoseconds(ns));
            const auto late = repetition_due(sent, delay) - (sent + delay);
            ASSERT_GE(late, 0ns) << ns;
            ASSERT_LT(late, repetition_step(delay)) << ns;
        }
    }
}

TEST(Repetition, IsForAllOfAStepAtOnce) {
    std::set<Time> due;
    for (int ms = 0; ms < 1000; ++ms) {
        due.insert(repetition_due(Time(5s + std::chrono::milliseconds(ms)), 500ms));
    }
    EXPECT_EQ(due.size(), 9U) << "eight steps a second, and a part of one";
    EXPECT_EQ(repetition_due(Time(5s), 500ms), Time(5500ms));
    EXPECT_EQ(repetition_due(Time(5s + 1ns), 500ms), Time(5625ms));
}

} // namespace
} // namespace helix
