// Amounts of money: read, written and added exactly, and refused where they do not fit.
#include "core/error.hpp"
#include "core/ledger/money.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

namespace helix {
namespace {

Money::Units units_of_decimal(const std::string& text) {
    // An independent reading: digits with the point moved eighteen places.
    Money::Units units = 0;
    int decimals = -1;
    bool negative = false;
    for (const char c : text) {
        if (c == '-') {
            negative = true;
        } else if (c == '.') {
            decimals = 0;
        } else {
            units = units * 10 + (c - '0');
            decimals += decimals >= 0 ? 1 : 0;
        }
    }
    for (int place = std::max(decimals, 0); place < Money::scale; ++place) {
        units *= 10;
    }
    return negative ? -units : units;
}

TEST(Money, PrintsWithoutTrailingZeros) {
    EXPECT_EQ(Money(0).to_string(), "0");
    EXPECT_EQ(Money(1).to_string(), "0.000000000000000001");
    EXPECT_EQ(Money(-1).to_string(), "-0.000000000000000001");
    EXPECT_EQ(Money(1'500'000'000'000'000'000).to_string(), "1.5");
    EXPECT_EQ(Money(-2'000'000'000'000'000'000).to_string(), "-2");
    EXPECT_EQ(Money(100'000'000'000'000'000).to_string(), "0.1");
}

TEST(Money, PrintsTheExtremesOfItsRange) {
    __extension__ using Magnitude = unsigned __int128;
    const auto max = static_cast<Money::Units>(~Magnitude{0} >> 1);
    EXPECT_EQ(Money(max).to_string(), "170141183460469231731.687303715884105727");
    EXPECT_EQ(Money(-max - 1).to_string(), "-170141183460469231731.687303715884105728");
    EXPECT_THROW(Money(max) + Money(1), Error);
}

TEST(Money, TextAndUnitsSayTheSame) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto units = static_cast<Money::Units>(static_cast<std::int64_t>(random())) >> (random() % 64);
        EXPECT_EQ(units_of_decimal(Money(units).to_string()), units);
    }
}

TEST(Money, SumsAreExactInAnyOrder) {
    std::mt19937_64 random(2);
    std::vector<Money> amounts;
    Money::Units expected = 0;
    for (int i = 0; i < 10'000; ++i) {
        amounts.emplace_back(static_cast<Money::Units>(random() % 1'000'000'007));
        expected += amounts.back().units();
    }
    std::shuffle(amounts.begin(), amounts.end(), random);
    Money sum;
    for (const auto& amount : amounts) {
        sum = sum + amount;
    }
    EXPECT_EQ(sum.units(), expected);
}

constexpr PicoUsd usd = 1'000'000'000'000;

TEST(Price, ReadsDecimals) {
    EXPECT_EQ(parse_pico_usd("0"), 0);
    EXPECT_EQ(parse_pico_usd("3"), 3 * usd);
    EXPECT_EQ(parse_pico_usd("0.25"), usd / 4);
    EXPECT_EQ(parse_pico_usd("0.00000025"), 250'000);
    EXPECT_EQ(parse_pico_usd("0.000000000001"), 1);
    EXPECT_EQ(parse_pico_usd("0.0000000000010"), 1);
    EXPECT_EQ(parse_pico_usd(".5"), usd / 2);
    EXPECT_EQ(parse_pico_usd("999999999.999999999999"), 1'000'000'000 * usd - 1);
}

TEST(Price, RefusesEverythingElse) {
    const auto state_of = [](const char* text) -> std::string {
        try {
            parse_pico_usd(text);
        } catch (const Error& error) {
            EXPECT_FALSE(error.hint.empty());
            return error.sqlstate;
        }
        return "none";
    };
    for (const char* text : {"", ".", "-1", "+1", "1.2.3", "1e3", " 1", "NaN", "0x10"}) {
        EXPECT_EQ(state_of(text), "22P02") << text;
    }
    EXPECT_EQ(state_of("0.0000000000001"), "22003");
    EXPECT_EQ(state_of("1000000000"), "22003");
    EXPECT_EQ(state_of("99999999999999999999999999"), "22003");
}

TEST(Price, IsBelowALimitHoweverManyDigitsItHas) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 100'000; ++i) {
        std::string text;
        double value = 0;
        for (std::size_t digits = 1 + random() % 20; digits > 0; --digits) {
            text += static_cast<char>('0' + random() % 10);
            value = value * 10 + (text.back() - '0');
        }
        try {
            const auto price = parse_pico_usd(text);
            ASSERT_LT(value, 1e9) << text;
            ASSERT_EQ(price, std::stoll(text) * usd) << text;
        } catch (const Error& error) {
            ASSERT_STREQ(error.sqlstate, "22003") << text;
            ASSERT_GE(value, 1e9) << text;
        }
    }
}

TEST(Price, OfTheMostThatIsRecordedFits) {
    const PicoUsd dearest = 1'000'000'000 * usd - 1;
    EXPECT_EQ(price_of(dearest, 1'000'000'000).units(), dearest * 1'000'000'000);
    EXPECT_EQ(price_of(3 * usd, 1'000'000).to_string(), "3") << "3 USD per million tokens";
    EXPECT_EQ(price_of(250'000, 1).to_string(), "0.00000000000025");
    EXPECT_THROW(price_of(dearest, std::numeric_limits<std::int64_t>::max()), Error);
}

} // namespace
} // namespace helix
