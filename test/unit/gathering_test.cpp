// Few commits are gathered briefly, crowds for longer, but never until the buffer is full.
#include "core/cache/gathering.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using namespace std::chrono_literals;

constexpr Gathering gathering(4'000'000);

TEST(Gathering, IsShortForFewCommits) {
    EXPECT_EQ(gathering.pause(0, 0, 500ms), 5ms);
    EXPECT_EQ(gathering.pause(1, 70, 5ms), 5ms);
    EXPECT_EQ(gathering.pause(24, 70 * 24, 5ms), 5ms);
    EXPECT_EQ(gathering.pause(249, 70 * 249, 50ms), 5ms) << "the crowd has gone";
}

TEST(Gathering, IsLongForACrowd) {
    EXPECT_EQ(gathering.pause(25, 70 * 25, 5ms), 50ms);
    EXPECT_EQ(gathering.pause(250, 70 * 250, 50ms), 50ms);
    EXPECT_EQ(gathering.pause(254, 70 * 254, 50'300us), 5ms) << "a part of a ms counts as one";
    EXPECT_EQ(gathering.pause(255, 70 * 255, 50'300us), 50ms);
}

TEST(Gathering, TakesAFewCommitsAtOnceForNoCrowd) {
    EXPECT_EQ(gathering.pause(5, 350, 1ms), 5ms);
    EXPECT_EQ(gathering.pause(24, 24 * 70, 10us), 5ms);
}

TEST(Gathering, EndsBeforeAQuarterOfTheBufferIsFull) {
    EXPECT_EQ(gathering.pause(500, 1'000'000, 50ms), 50ms);
    EXPECT_EQ(gathering.pause(500, 2'000'000, 50ms), 25ms);
    EXPECT_EQ(gathering.pause(250, 1'000'000, 25ms), 25ms) << "the same load, and no swinging";
    EXPECT_EQ(gathering.pause(500, 1'000'000'000, 50ms), 5ms);
    EXPECT_EQ(gathering.pause(500, 0, 50ms), 50ms);
    EXPECT_EQ(Gathering(65'536).pause(1'000, 70'000, 50ms), 11ms) << "the smallest that helix.cache_ring_size allows";
}

} // namespace
} // namespace helix
