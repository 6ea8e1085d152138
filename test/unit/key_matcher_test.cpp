// Many patterns at once must say what each of them says alone.
#include "core/cache/cache_key.hpp"
#include "core/cache/key_matcher.hpp"
#include "core/uuid.hpp"
#include "random_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace helix {
namespace {

const std::string user = "8f14e45f-ceea-467f-a9ab-00000000000a";
const std::string upper = "8F14E45F-CEEA-467F-A9AB-00000000000A";
const std::string other = "8f14e45f-ceea-467f-a9ab-00000000000b";

TEST(KeyMatcher, MatchesNothingAtFirst) {
    const KeyMatcher matcher;
    EXPECT_TRUE(matcher.empty());
    EXPECT_FALSE(matcher.all());
    EXPECT_EQ(matcher.size(), 0U);
    EXPECT_FALSE(matcher.matches(""));
    EXPECT_FALSE(matcher.matches("a"));
}

TEST(KeyMatcher, FindsPrefixes) {
    KeyMatcher matcher;
    matcher.add_pattern("a:b:*");
    matcher.add_pattern("a:b:*");
    matcher.add_pattern("c:*");
    EXPECT_FALSE(matcher.empty());
    EXPECT_EQ(matcher.size(), 2U);
    for (const char* key : {"a:b:", "a:b:c", "a:b:c:d", "c:", "c::", "c:x"}) {
        EXPECT_TRUE(matcher.matches(key)) << key;
    }
    for (const char* key : {"", ":", "a", "a:b", "a:bb:", "x:a:b:", "c", "cc:x", "x:c:"}) {
        EXPECT_FALSE(matcher.matches(key)) << key;
    }
}

TEST(KeyMatcher, FindsUsersAsSegments) {
    KeyMatcher matcher;
    matcher.add_user(user);
    EXPECT_FALSE(matcher.empty());
    EXPECT_EQ(matcher.size(), 1U);
    for (const auto& key :
         {user, user + ":", ":" + user, "a:" + user + ":b", "a:" + upper, other + ":" + user, upper}) {
        EXPECT_TRUE(matcher.matches(key)) << key;
    }
    for (const auto& key : {other, "a" + user, user + "a", "a:" + user.substr(1), "a:" + user + "x:b"}) {
        EXPECT_FALSE(matcher.matches(key)) << key;
    }
}

TEST(KeyMatcher, MatchesEverythingWhereToldTo) {
    for (const bool by_pattern : {true, false}) {
        KeyMatcher matcher;
        by_pattern ? matcher.add_pattern("*") : matcher.add_all();
        EXPECT_TRUE(matcher.all());
        EXPECT_FALSE(matcher.empty());
        EXPECT_TRUE(matcher.matches(""));
        EXPECT_TRUE(matcher.matches("a:b"));
    }
}

TEST(KeyMatcher, TakesPatternsOfEveryForm) {
    KeyMatcher matcher;
    matcher.add_pattern(R"(a\:*)");   // a prefix, escaped
    matcher.add_pattern(R"(b:\*)");   // no wildcard
    matcher.add_pattern("c:**");      // more than one
    matcher.add_pattern("d:?");       // not a star
    matcher.add_pattern("e");         // a key
    matcher.add_pattern("");          // the empty key
    matcher.add_pattern(R"(f:\\:*)"); // a backslash
    EXPECT_FALSE(matcher.all());
    for (const char* key : {"a:", "a:x", "b:*", "c:", "c:x", "d:x", "e", "", "f:\\:x"}) {
        EXPECT_TRUE(matcher.matches(key)) << key;
    }
    for (const char* key : {"a", "b:x", "b:", "c", "d:", "d:xx", "ee", "f:x", R"(a\:)", "f:\\"}) {
        EXPECT_FALSE(matcher.matches(key)) << key;
    }
}

TEST(KeyMatcher, SplitsOffWhatIsMatchedOneByOne) {
    KeyMatcher matcher;
    matcher.add_pattern("prefix:*");
    matcher.add_user(user);
    for (int i = 0; i < 25; ++i) {
        matcher.add_pattern("a" + std::to_string(i) + "?");
    }
    EXPECT_TRUE(matcher.split_off(25).empty());
    const auto rest = matcher.split_off(10);
    EXPECT_EQ(matcher.size(), 12U);
    EXPECT_EQ(rest.size(), 15U);
    EXPECT_TRUE(matcher.matches("prefix:x") && matcher.matches(user));
    EXPECT_FALSE(rest.matches("prefix:x") || rest.matches(user));
    for (int i = 0; i < 25; ++i) {
        const auto key = "a" + std::to_string(i) + "x";
        EXPECT_NE(matcher.matches(key), rest.matches(key)) << key;
    }
    EXPECT_EQ(matcher.split_off(0).size(), 10U);
    EXPECT_EQ(matcher.size(), 2U);
}

TEST(KeyMatcher, ForgetsPrefixesThatAnotherMatches) {
    KeyMatcher wider;
    wider.add_pattern("a:*");
    KeyMatcher matcher;
    for (const char* pattern : {"a:*", "a:b:*", "b:*", "a:x", "a:b?"}) {
        matcher.add_pattern(pattern);
    }
    matcher.add_user(user);
    EXPECT_EQ(matcher.prefixes(), 3U);
    matcher.remove_prefixes_in(wider);
    EXPECT_EQ(matcher.prefixes(), 1U);
    EXPECT_EQ(matcher.size(), 4U) << "what is no prefix stays";
    for (const auto& key : {std::string("b:x"), std::string("a:x"), std::string("a:bc"), "a:" + user}) {
        EXPECT_TRUE(matcher.matches(key)) << key;
    }
    EXPECT_FALSE(matcher.matches("a:y"));
}

bool has_segment(std::string_view key, const std::string& wanted) {
    for (std::size_t start = 0; start <= key.size();) {
        const auto end = std::min(key.find(':', start), key.size());
        const auto uuid = parse_uuid(key.substr(start, end - start));
        if (uuid && format_uuid(*uuid) == wanted) {
            return true;
        }
        start = end + 1;
    }
    return false;
}

TEST(KeyMatcher, EqualsEachPatternAlone) {
    std::mt19937_64 random(1);
    const std::string pieces[] = {"a", "b", ":", ":", "*", "?", "\\", "[ab:]", "", user, upper, other};
    const auto text = [&](std::size_t most, std::size_t kinds) {
        std::string joined;
        for (std::size_t i = random_below(random, most + 1); i > 0; --i) {
            joined += pieces[random_below(random, kinds)];
        }
        return joined;
    };
    int matched = 0;
    for (int round = 0; round < 3'000; ++round) {
        KeyMatcher matcher;
        std::vector<std::string> patterns;
        std::vector<std::string> users;
        for (std::size_t i = random_below(random, 4); i > 0; --i) {
            patterns.push_back(text(5, std::size(pieces)) + (random_below(random, 2) == 0 ? ":*" : ""));
            matcher.add_pattern(patterns.back());
        }
        if (random_below(random, 4) == 0) {
            users.push_back(random_below(random, 2) == 0 ? user : other);
            matcher.add_user(users.back());
        }
        ASSERT_EQ(matcher.empty(), patterns.empty() && users.empty());
        for (int i = 0; i < 30; ++i) {
            auto key = text(6, std::size(pieces));
            if (!patterns.empty() && i % 3 == 0) {
                key = glob_prefix(any_of(random, patterns)).literal + text(2, 7);
            }
            const bool expected =
                std::any_of(patterns.begin(), patterns.end(), [&](auto& p) { return glob_matches(p, key); }) ||
                std::any_of(users.begin(), users.end(), [&](auto& u) { return has_segment(key, u); });
            ASSERT_EQ(matcher.matches(key), expected) << key << "   " << testing::PrintToString(patterns);
            matched += expected ? 1 : 0;
        }
    }
    EXPECT_GT(matched, 5'000);
}

TEST(KeyMatcher, IsFastWithManyPrefixes) {
    KeyMatcher matcher;
    for (int i = 0; i < 100'000; ++i) {
        matcher.add_pattern("cost_trends:" + std::to_string(i) + ":*");
    }
    EXPECT_EQ(matcher.size(), 100'000U);
    int matched = 0;
    for (int i = 0; i < 200'000; ++i) { // 2 * 10^10 comparisons if it went through all
        matched += matcher.matches("cost_trends:" + std::to_string(i) + ":30") ? 1 : 0;
    }
    EXPECT_EQ(matched, 100'000);
}

} // namespace
} // namespace helix
