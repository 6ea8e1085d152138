// Waits double up to a limit and begin anew after a success.
#include "core/backoff.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToTheLongest) {
    Backoff backoff(100ms, 2000ms);
    for (const auto expected : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
        EXPECT_EQ(backoff.next(), expected);
    }
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(backoff.next(), 2000ms);
    }
}

TEST(Backoff, BeginsAnewAfterAReset) {
    Backoff backoff(100ms, 2000ms);
    backoff.reset();
    EXPECT_EQ(backoff.next(), 100ms);
    backoff.next();
    backoff.reset();
    EXPECT_EQ(backoff.next(), 100ms);
    EXPECT_EQ(backoff.next(), 200ms);
}

TEST(Backoff, MayBeConstant) {
    Backoff backoff(50ms, 50ms);
    EXPECT_EQ(backoff.next(), 50ms);
    EXPECT_EQ(backoff.next(), 50ms);
}

} // namespace
} // namespace helix
