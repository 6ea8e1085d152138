// find_cycle against brute force: on every small graph, and on random ones.
#include "core/queue/dependencies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace helix {
namespace {

// By definition: some operation is reached from itself (Warshall 1962).
bool has_cycle(const Dependencies& dependencies) {
    const auto size = dependencies.size();
    std::vector<std::vector<bool>> reaches(size, std::vector<bool>(size));
    for (std::size_t i = 0; i < size; ++i) {
        for (const auto other : dependencies[i]) {
            reaches[i][other] = true;
        }
    }
    for (std::size_t over = 0; over < size; ++over) {
        for (std::size_t from = 0; from < size; ++from) {
            for (std::size_t to = 0; to < size; ++to) {
                reaches[from][to] = reaches[from][to] || (reaches[from][over] && reaches[over][to]);
            }
        }
    }
    for (std::size_t i = 0; i < size; ++i) {
        if (reaches[i][i]) {
            return true;
        }
    }
    return false;
}

void expect_cycle(const Dependencies& dependencies, const std::vector<std::size_t>& cycle) {
    ASSERT_FALSE(cycle.empty());
    EXPECT_EQ(std::set(cycle.begin(), cycle.end()).size(), cycle.size()) << "an operation comes twice";
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const auto& needs = dependencies.at(cycle[i]);
        EXPECT_NE(std::find(needs.begin(), needs.end(), cycle[(i + 1) % cycle.size()]), needs.end())
            << cycle[i] << " does not need " << cycle[(i + 1) % cycle.size()];
    }
}

void expect_right(const Dependencies& dependencies) {
    const auto cycle = find_cycle(dependencies);
    if (has_cycle(dependencies)) {
        expect_cycle(dependencies, cycle);
    } else {
        EXPECT_TRUE(cycle.empty());
    }
}

TEST(FindCycle, OfNothing) {
    EXPECT_TRUE(find_cycle({}).empty());
    EXPECT_TRUE(find_cycle({{}, {}, {}}).empty());
}

TEST(FindCycle, OfOneAndTwo) {
    EXPECT_EQ(find_cycle({{0}}), (std::vector<std::size_t>{0}));
    EXPECT_EQ(find_cycle({{}, {1}}), (std::vector<std::size_t>{1}));
    EXPECT_EQ(find_cycle({{1}, {0}}), (std::vector<std::size_t>{0, 1}));
}

TEST(FindCycle, LeavesOutWhatOnlyLeadsToIt) {
    EXPECT_EQ(find_cycle({{1}, {2}, {3}, {2}}), (std::vector<std::size_t>{2, 3}));
}

TEST(FindCycle, TakesADependencyGivenTwice) {
    EXPECT_TRUE(find_cycle({{}, {0, 0}, {1, 0, 1}}).empty());
    expect_cycle({{1, 1}, {0, 0}}, find_cycle({{1, 1}, {0, 0}}));
}

TEST(FindCycle, OfAllGraphsUpToFour) {
    for (std::size_t size = 1; size <= 4; ++size) {
        for (unsigned edges = 0; edges < 1U << (size * size); ++edges) {
            Dependencies dependencies(size);
            for (std::size_t edge = 0; edge < size * size; ++edge) {
                if ((edges >> edge & 1U) != 0) {
                    dependencies[edge / size].push_back(edge % size);
                }
            }
            expect_right(dependencies);
            ASSERT_FALSE(HasFailure()) << "graph " << edges << " of " << size;
        }
    }
}

TEST(FindCycle, OfRandomGraphs) {
    std::mt19937 random(4);
    for (int round = 0; round < 3000; ++round) {
        const auto size = 5 + random() % 30;
        Dependencies dependencies(size);
        for (auto edges = random() % (3 * size); edges > 0; --edges) {
            auto from = random() % size;
            auto to = random() % size;
            if (round % 3 == 0 && from < to) { // no cycle but for an operation that needs itself
                std::swap(from, to);
            }
            dependencies[from].push_back(to);
        }
        expect_right(dependencies);
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
}

TEST(FindCycle, OfTheLargestBatches) {
    constexpr std::size_t size = 1000;
    Dependencies chain(size);
    Dependencies all(size);
    for (std::size_t i = 1; i < size; ++i) {
        chain[i] = {i - 1};
        for (std::size_t other = 0; other < i; ++other) {
            all[i].push_back(other);
        }
    }
    EXPECT_TRUE(find_cycle(chain).empty());
    EXPECT_TRUE(find_cycle(all).empty());
    chain[0] = {size - 1};
    EXPECT_EQ(find_cycle(chain).size(), size);
    all[0] = {size - 1};
    expect_cycle(all, find_cycle(all));
}

} // namespace
} // namespace helix
