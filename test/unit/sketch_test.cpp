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
        const auto count = random() % 300;
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
        for (std::uint64_t i = random() % 100; i > 0; --i) {
            sketch.add(static_cast<std::int32_t>(random() % 100'000), random() % 1'000'000);
        }
        const auto bytes = sketch.encode();
        EXPECT_EQ(LatencySketch::decode(bytes).encode(), bytes);
        EXPECT_EQ(LatencySketch::decode(bytes).count(), sketch.count());
    }
    EXPECT_FALSE(LatencySketch{}.percentile(50).has_value());
}

TEST(Sketch, RefusesForeignBytes) {
    LatencySketch sketch;
    sketch.add(5, 3);
    sketch.add(900, 300);
    const auto good = sketch.encode();
    for (std::size_t length = 2; length < good.size(); ++length) {
        EXPECT_THROW(LatencySketch::decode(std::span(good).first(length)), Error) << "cut to " << length;
    }
    EXPECT_THROW(LatencySketch::decode({}), Error);
    std::mt19937_64 random(13);
    for (int i = 0; i < 200'000; ++i) { // whatever is accepted is canonical
        auto bytes = good;
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        try {
            EXPECT_EQ(LatencySketch::decode(bytes).encode(), bytes);
        } catch (const Error& error) {
            EXPECT_STREQ(error.sqlstate, "XX001");
        }
    }
}

} // namespace
} // namespace helix
