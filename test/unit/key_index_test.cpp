// Key names in order, within a bound.
#include "core/cache/key_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace helix {
namespace {

using Texts = std::vector<std::string>;
constexpr std::size_t roomy = std::size_t{1} << 30;
constexpr auto any = [](std::string_view) { return true; };

TEST(KeyIndex, TakesOutWhatBeginsWithAText) {
    KeyIndex index(roomy);
    for (const char* key : {"a:2", "a:1", "b:1", "a", "a:", "a;", ""}) {
        EXPECT_TRUE(index.add(key));
    }
    Texts found;
    std::size_t looks = 100;
    EXPECT_TRUE(index.take("a:", any, looks, found));
    EXPECT_EQ(found, (Texts{"a:", "a:1", "a:2"}));
    EXPECT_EQ(looks, 97U) << "at nothing else";
    EXPECT_EQ(index.size(), 4U);
    EXPECT_FALSE(index.contains("a:1"));
    EXPECT_TRUE(index.take("", any, looks, found));
    EXPECT_EQ(found.size(), 7U);
    EXPECT_EQ(index.bytes(), 0U);
}

TEST(KeyIndex, LeavesWhatIsNotWanted) {
    KeyIndex index(roomy);
    for (const char* key : {"a:1", "a:2", "a:3"}) {
        EXPECT_TRUE(index.add(key));
    }
    Texts found;
    std::size_t looks = 100;
    EXPECT_TRUE(index.take(
        "a", [](auto key) { return key == "a:2"; }, looks, found));
    EXPECT_EQ(found, Texts{"a:2"});
    EXPECT_TRUE(index.contains("a:1"));
    EXPECT_TRUE(index.contains("a:3"));
}

TEST(KeyIndex, StopsLookingWhenToldTo) {
    KeyIndex index(roomy);
    for (const char* key : {"a:1", "a:2", "a:3"}) {
        EXPECT_TRUE(index.add(key));
    }
    Texts found;
    std::size_t looks = 2;
    EXPECT_FALSE(index.take("a", any, looks, found));
    EXPECT_EQ(found, (Texts{"a:1", "a:2"}));
    EXPECT_EQ(looks, 0U);
    looks = 1;
    EXPECT_TRUE(index.take("a", any, looks, found)) << "there is no more";
    EXPECT_EQ(index.size(), 0U);
}

TEST(KeyIndex, KeepsWithinItsBound) {
    KeyIndex index(1000);
    int added = 0;
    while (index.add("cost_trends:8f14e45f-ceea-467f-a9ab-00000000000a:" + std::to_string(added))) {
        ASSERT_LT(++added, 100);
    }
    EXPECT_GT(added, 4);
    EXPECT_LE(index.bytes(), 1000U);
    EXPECT_TRUE(index.add("cost_trends:8f14e45f-ceea-467f-a9ab-00000000000a:0")) << "is there";
    index.remove("cost_trends:8f14e45f-ceea-467f-a9ab-00000000000a:0");
    index.remove("cost_trends:8f14e45f-ceea-467f-a9ab-00000000000a:0");
    EXPECT_TRUE(index.add("cost_trends:8f14e45f-ceea-467f-a9ab-00000000000a:x"));
    EXPECT_FALSE(index.add("cost_trends:8f14e45f-ceea-467f-a9ab-00000000000a:y"));
    index.clear();
    EXPECT_EQ(index.bytes(), 0U);
    EXPECT_EQ(index.size(), 0U);
}

TEST(KeyIndex, GoesAroundAllKeys) {
    KeyIndex index(roomy);
    EXPECT_EQ(index.next(10), Texts{});
    for (const char* key : {"a", "b", "c", "d", "e"}) {
        EXPECT_TRUE(index.add(key));
    }
    EXPECT_EQ(index.next(2), (Texts{"a", "b"}));
    index.remove("b");
    index.remove("d");
    EXPECT_EQ(index.next(2), (Texts{"c", "e"}));
    EXPECT_EQ(index.next(2), (Texts{"a", "c"}));
    EXPECT_EQ(index.next(10), (Texts{"e", "a", "c"})) << "none twice";
    EXPECT_EQ(index.next(1), Texts{"e"});
}

TEST(KeyIndex, IsASetWhateverHappens) {
    std::mt19937_64 random(7);
    KeyIndex index(roomy);
    std::set<std::string> reference;
    for (int i = 0; i < 20'000; ++i) {
        const auto key = std::string(random() % 3, 'x') + std::to_string(random() % 50);
        if (random() % 3 == 0) {
            index.remove(key);
            reference.erase(key);
        } else {
            ASSERT_TRUE(index.add(key));
            reference.insert(key);
        }
        if (random() % 20 == 0) {
            const auto prefix = key.substr(0, 2);
            Texts found;
            std::size_t looks = roomy;
            ASSERT_TRUE(index.take(prefix, any, looks, found));
            Texts expected;
            std::erase_if(reference, [&](const auto& each) {
                return each.starts_with(prefix) ? (expected.push_back(each), true) : false;
            });
            ASSERT_EQ(found, expected);
        }
        ASSERT_EQ(index.size(), reference.size());
        ASSERT_EQ(index.bytes() == 0, reference.empty());
    }
    EXPECT_TRUE(std::all_of(reference.begin(), reference.end(), [&](const auto& key) { return index.contains(key); }));
}

} // namespace
} // namespace helix
