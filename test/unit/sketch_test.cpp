// The latency sketch: its error, merging, and bytes that are read back or refused.
#include "core/error.hpp"
#include "core/ledger/sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace helix {
namespace {

constexpr double promised_error = 0.01;
constexpr double percents[] = {50, 75, 90, 95, 99, 99.9};

std::int64_t true_percentile(const std::vector<std::int32_t>& sorted, double percent) {
    const auto rank = std::max(1.0, std::ceil(percent / 100.0 * static_cast<double>(sorted.size())));
    return sorted[static_cast<std::size_t>(rank) - 1];
}

void expect_close(std::vector<std::int32_t> values) {
    LatencySketch sketch;
    for (const auto value : values) {
        sketch.add(value);
    }
    std::sort(values.begin(), values.end());
    ASSERT_EQ(sketch.count(), values.size());
    for (const double percent : percents) {
        const auto expected = true_percentile(values, percent);
        const auto found = sketch.percentile(percent).value();
        if (expected <= 100) {
            EXPECT_EQ(found, expected) << "p" << percent;
        } else {
            EXPECT_LE(std::abs(static_cast<double>(found - expected)), promised_error * static_cast<double>(expected))
                << "p" << percent;
        }
    }
}

std::vector<std::int32_t> draw(int count, unsigned seed, const std::function<double(std::mt19937_64&)>& next) {
    std::mt19937_64 random(seed);
    std::vector<std::int32_t> values;
    for (int i = 0; i < count; ++i) {
        values.push_back(static_cast<std::int32_t>(std::clamp(next(random), 0.0, 2147483647.0)));
    }
    return values;
}

TEST(Sketch, IsWithinOnePercentOnHeavyTails) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::lognormal_distribution<double> lognormal(6.5, 1.8);
        expect_close(draw(20'000, seed, [&](auto& random) { return lognormal(random); }));
        std::uniform_real_distribution<double> uniform(0.0, 1.0);
        expect_close(draw(20'000, seed,
                          [&](auto& random) { return 20.0 / std::pow(1.0 - uniform(random), 1.0 / 0.7); })); // Pareto
    }
}

TEST(Sketch, IsWithinOnePercentOnLightTailsAndEdges) {
    std::exponential_distribution<double> exponential(1.0 / 50.0);
    expect_close(draw(10'000, 7, [&](auto& random) { return exponential(random); }));
    expect_close({0, 0, 0, 0, 1});
    expect_close({2'147'483'647, 1, 2'147'483'646});
    expect_close({1206});
}

TEST(Sketch, HoldsEveryLatencyWithinOnePercent) {
    for (std::int64_t value = 0; value <= 2'147'483'647; value += 1 + value / 997) {
        LatencySketch sketch;
        sketch.add(static_cast<std::int32_t>(value));
        sketch.add(0, 1);
        sketch.add(std::numeric_limits<std::int32_t>::max()); // so that clamping to the range seen does not help
        const auto found = sketch.percentile(50).value();
        EXPECT_LE(std::abs(static_cast<double>(found - value)),
                  value <= 100 ? 0.0 : promised_error * static_cast<double>(value));
    }
}

TEST(Sketch, IsExactForFewValues) {
    std::mt19937_64 random(14);
    for (int round = 0; round < 2'000; ++round) {
        std::vector<std::int32_t> values;
        LatencySketch sketch;
        LatencySketch merged;
        const auto length = 1 + random() % LatencySketch::longest_list;
        while (values.size() < length) {
            values.push_back(static_cast<std::int32_t>(random() % (1ULL << (random() % 32))));
            sketch.add(values.back());
            LatencySketch one;
            one.add(values.back());
            merged.merge(LatencySketch::decode(one.encode()));
        }
        std::sort(values.begin(), values.end());
        EXPECT_EQ(merged.encode(), sketch.encode());
        EXPECT_LE(sketch.encode().size(), 1 + 5 * length);
        for (const double percent : {0.0, 1.0, 50.0, 75.0, 95.0, 100.0}) {
            EXPECT_EQ(LatencySketch::decode(sketch.encode()).percentile(percent), true_percentile(values, percent));
        }
    }
}

TEST(Sketch, TurnsFromAListToBinsAtEightValues) {
    LatencySketch by_one;
    by_one.add(1234, 5);
    by_one.add(70'001, 2);
    EXPECT_EQ(by_one.encode().front(), std::byte{2});
    EXPECT_EQ(by_one.percentile(50), 1234);
    LatencySketch twice = by_one;
    twice.merge(twice);
    EXPECT_EQ(twice.count(), 14U);
    by_one.add(0);
    EXPECT_EQ(by_one.encode().front(), std::byte{1});
    EXPECT_EQ(by_one.count(), 8U);
    LatencySketch at_once;
    at_once.add(0);
    at_once.add(70'001, 2);
    at_once.add(1234, 5);
    EXPECT_EQ(at_once.encode(), by_one.encode());
}

TEST(Sketch, NeverLeavesTheRangeSeen) {
    LatencySketch sketch;
    sketch.add(1200);
    EXPECT_EQ(sketch.percentile(50), 1200);
    sketch.add(5'000'003, 10);
    EXPECT_EQ(sketch.percentile(100), 5'000'003);
    EXPECT_GE(sketch.percentile(0), 1200);
}

TEST(Sketch, MergeIsUnion) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 200; ++round) {
        LatencySketch left;
        LatencySketch right;
        LatencySketch both;
        const auto count = random() % (round % 2 == 0 ? 300 : 18);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto value = static_cast<std::int32_t>(random() % (1ULL << (random() % 31)));
            (i % 3 == 0 ? left : right).add(value);
            both.add(value);
        }
        auto merged = left;
        merged.merge(right);
        EXPECT_EQ(merged.encode(), both.encode());
        right.merge(left);
        EXPECT_EQ(right.encode(), both.encode()) << "commutative";
    }
}

TEST(Sketch, BytesRoundTrip) {
    std::mt19937_64 random(12);
    for (int round = 0; round < 200; ++round) {
        LatencySketch sketch;
        for (std::uint64_t i = random() % (round % 2 == 0 ? 100 : 9); i > 0; --i) {
            sketch.add(static_cast<std::int32_t>(random() % 100'000), random() % (round % 2 == 0 ? 1'000'000 : 3));
        }
        const auto bytes = sketch.encode();
        EXPECT_EQ(LatencySketch::decode(bytes).encode(), bytes);
        EXPECT_EQ(LatencySketch::decode(bytes).count(), sketch.count());
    }
    EXPECT_FALSE(LatencySketch{}.percentile(50).has_value());
}

// Whatever is accepted is canonical.
void expect_refused_or_canonical(const LatencySketch& sketch, unsigned seed) {
    const auto good = sketch.encode();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 200'000; ++i) {
        auto bytes = good;
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        try {
            EXPECT_EQ(LatencySketch::decode(bytes).encode(), bytes);
        } catch (const Error& error) {
            EXPECT_STREQ(error.sqlstate, "XX001");
        }
    }
}

LatencySketch decode(const std::vector<int>& bytes) {
    std::vector<std::byte> all;
    for (const int byte : bytes) {
        all.push_back(static_cast<std::byte>(byte));
    }
    return LatencySketch::decode(all);
}

TEST(Sketch, RefusesForeignBytes) {
    LatencySketch bins;
    bins.add(5, 3);
    bins.add(900, 300);
    const auto good = bins.encode();
    for (std::size_t length = 1; length < good.size(); ++length) {
        EXPECT_THROW(LatencySketch::decode(std::span(good).first(length)), Error) << "cut to " << length;
    }
    expect_refused_or_canonical(bins, 13);
    LatencySketch list;
    list.add(300, 2);
    list.add(900);
    expect_refused_or_canonical(list, 15);
    EXPECT_THROW(LatencySketch::decode({}), Error);
    EXPECT_EQ(decode({2, 5, 0, 1}).percentile(100), 6);
    EXPECT_EQ(decode({2, 5, 1, 1, 1, 1, 1, 1}).count(), 7U);
    EXPECT_THROW(decode({2, 5, 1, 1, 1, 1, 1, 1, 1}), Error) << "eight values are no list";
    EXPECT_THROW(decode({1, 5, 0, 14, 7}), Error) << "seven values are no bins";
    EXPECT_THROW(decode({2, 0xff, 0xff, 0xff, 0xff, 0x07, 1}), Error) << "beyond the largest latency";
    EXPECT_THROW(decode({3}), Error);
}

} // namespace
} // namespace helix
