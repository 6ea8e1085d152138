// Which rate holds: by time, tier, length of the prompt, and hour of the week.
#include "core/ledger/rate_card.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

using usage::UsageType;

constexpr std::int64_t hour_us = 3'600'000'000;

TEST(WeekHours, BeginOnMonday) {
    EXPECT_EQ(hour_of_week(0), 120) << "2000-01-01 was a Saturday";
    EXPECT_EQ(hour_of_week(hour_us - 1), 120);
    EXPECT_EQ(hour_of_week(hour_us), 121);
    EXPECT_EQ(hour_of_week(47 * hour_us), 167);
    EXPECT_EQ(hour_of_week(48 * hour_us), 0) << "Monday, 2000-01-03";
    EXPECT_EQ(hour_of_week(-1), 119);
    EXPECT_EQ(hour_of_week(-120 * hour_us), 0);
    EXPECT_EQ(hour_of_week(-120 * hour_us - 1), 167);
    EXPECT_EQ(hour_of_week(848'109'600'000'000), 2) << "2026-11-16 02:00 was a Monday";
}

PicoUsd price_at(const RateCard& card, const RateQuery& query, UsageType type = UsageType::input) {
    const auto found = card.find(type, query);
    return found ? *found->rate->price : -1;
}

TEST(RateCard, FindsTheRateInForce) {
    RateCard card;
    card.add({.type = UsageType::input}, {200, 2}); // later rows may come first
    card.add({.type = UsageType::input}, {100, 1});
    card.add({.type = UsageType::input}, {300, 3});
    card.add({.type = UsageType::input}, {400, std::nullopt});
    card.add({.type = UsageType::input}, {500, 5});
    EXPECT_EQ(price_at(card, {.at = 99}), -1) << "not yet sold";
    EXPECT_EQ(price_at(card, {.at = 100}), 1);
    EXPECT_EQ(price_at(card, {.at = 199}), 1);
    EXPECT_EQ(price_at(card, {.at = 200}), 2);
    EXPECT_EQ(price_at(card, {.at = 399}), 3);
    EXPECT_EQ(price_at(card, {.at = 400}), -1) << "ended";
    EXPECT_EQ(price_at(card, {.at = 1'000'000}), 5);
    EXPECT_EQ(price_at(card, {.at = 200}, UsageType::output), -1);
}

TEST(RateCard, TakesTheLongestBandThatThePromptIsAbove) {
    RateCard card;
    card.add({.type = UsageType::input}, {0, 1});
    card.add({.type = UsageType::input, .above = 1000}, {0, 4});
    card.add({.type = UsageType::input, .above = 200}, {0, 2});
    EXPECT_EQ(price_at(card, {.prompt = 0}), 1);
    EXPECT_EQ(price_at(card, {.prompt = 200}), 1) << "above means above";
    EXPECT_EQ(price_at(card, {.prompt = 201}), 2);
    EXPECT_EQ(price_at(card, {.prompt = 1001}), 4);
}

TEST(RateCard, ABandThatIsNotInForceYetDoesNotCount) {
    RateCard card;
    card.add({.type = UsageType::input}, {0, 1});
    card.add({.type = UsageType::input, .above = 200}, {50, 2});
    EXPECT_EQ(price_at(card, {.prompt = 300, .at = 49}), 1);
    EXPECT_EQ(price_at(card, {.prompt = 300, .at = 50}), 2);
}

TEST(RateCard, PrefersTheRateOfTheHour) {
    RateCard card;
    WeekHours peak;
    peak.set(1);
    peak.set(2);
    card.add({.type = UsageType::output, .hours = peak}, {0, 2});
    card.add({.type = UsageType::output}, {0, 1});
    const auto monday = 48 * hour_us;
    EXPECT_EQ(price_at(card, {.at = monday}, UsageType::output), 1);
    EXPECT_EQ(price_at(card, {.at = monday + hour_us}, UsageType::output), 2);
    EXPECT_EQ(price_at(card, {.at = monday + 3 * hour_us - 1}, UsageType::output), 2);
    EXPECT_EQ(price_at(card, {.at = monday + 3 * hour_us}, UsageType::output), 1);
}

TEST(RateCard, KeepsTiersApart) {
    RateCard card;
    card.add({.type = UsageType::input}, {0, 2});
    card.add({.type = UsageType::input, .tier = "batch"}, {0, 1});
    EXPECT_EQ(price_at(card, {}), 2);
    EXPECT_EQ(price_at(card, {.tier = "batch"}), 1);
    EXPECT_EQ(price_at(card, {.tier = "flex"}), -1);
    EXPECT_TRUE(card.has_tier("batch"));
    EXPECT_FALSE(card.has_tier("flex"));
}

} // namespace
} // namespace helix
