// Globs: what Redis's documentation says, a matcher without cleverness, and a real Redis must agree.
#include "../fuzz/glob_reference.hpp"
#include "core/glob.hpp"
#include "random_text.hpp"
#include "real_redis.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace helix {
namespace {

struct Case {
    std::string_view pattern;
    std::string_view text;
    bool matches;
};

TEST(Glob, IsWhatRedisDocuments) {
    using namespace std::string_view_literals;
    for (const auto& [pattern, text, matches] : std::initializer_list<Case>{
             {"h?llo", "hallo", true},
             {"h?llo", "hllo", false},
             {"h*llo", "hllo", true},
             {"h*llo", "heeeello", true},
             {"h*llo", "heeeell", false},
             {"h[ae]llo", "hallo", true},
             {"h[ae]llo", "hillo", false},
             {"h[^e]llo", "hallo", true},
             {"h[^e]llo", "hello", false},
             {"h[a-b]llo", "hbllo", true},
             {"h[b-a]llo", "hallo", true},
             {"h[a-b]llo", "hcllo", false},
             {R"(h\?llo)", "h?llo", true},
             {R"(h\?llo)", "hallo", false},
             {R"([\]x])", "]", true},
             {R"([\]x])", "x", true},
             {R"([\-x])", "-", true},
             {"[a-]", "-", false}, // a range up to the bracket, and no end
             {"[a-]", "^", true},
             {"[a-]", "`", true},
             {"[]", "]", false}, // a set of nothing
             {"[]", "", false},
             {"[^]", "x", true}, // of everything
             {"[^]x", "yx", true},
             {"[abc", "b", true}, // no end
             {"[abc", "d", false},
             {"[", "", false},
             {"[", "[", false},
             {"[^", "x", true},
             {"[\\", "\\", true},
             {"a\\", "a\\", true}, // nothing follows the backslash
             {"a\\", "a", false},
             {"", "", true},
             {"", "a", false},
             {"a", "", false},
             {"*", "", true},
             {"**", "", true},
             {"?", "", false},
             {"*?", "", false},
             {"*a", "aa", true},
             {"*ab", "aab", true},
             {"a*b*c", "abbcbc", true},
             {"a*b*c", "abbcbd", false},
             {"a*", "b", false},
             {"a\0b"sv, "a\0b"sv, true},
             {"a\0b"sv, "a\0c"sv, false},
             {"a?b", "a\0b"sv, true},
             {"*\0"sv, "a"sv, false},
             {"[\x80-\xff]", "\xe4", true},
             {"caf?", "caf\xc3\xa9", false}, // byte by byte
             {"caf??", "caf\xc3\xa9", true},
         }) {
        EXPECT_EQ(glob_matches(pattern, text), matches) << '"' << pattern << "\" \"" << text << '"';
        EXPECT_EQ(reference_matches(pattern, text), matches) << '"' << pattern << "\" \"" << text << '"';
    }
}

constexpr std::string_view pattern_alphabet = "aab:**?[]^-\\\xe4";
constexpr std::string_view text_alphabet = "aab:[]^-\\*\xe4";

TEST(Glob, EqualsARecursiveMatcher) {
    std::mt19937_64 random(1);
    int matched = 0;
    for (int i = 0; i < 300'000; ++i) {
        const auto pattern = random_text(random, pattern_alphabet, 9);
        const auto text = random_text(random, text_alphabet, 7);
        const bool expected = reference_matches(pattern, text);
        ASSERT_EQ(glob_matches(pattern, text), expected) << pattern << "   " << text;
        matched += expected ? 1 : 0;
    }
    EXPECT_GT(matched, 10'000) << "the texts must meet the patterns";
}

TEST(Glob, TakesTimeProportionalToPatternAndText) {
    std::string pattern;
    for (int i = 0; i < 500; ++i) {
        pattern += "*a?[ab]";
    }
    const std::string text(20'000, 'a');
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(glob_matches(pattern + "c", text));
    EXPECT_TRUE(glob_matches(pattern + "*", text));
    EXPECT_FALSE(glob_matches("*" + std::string(1'000, 'a') + "b", text));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)); // 70 million steps
}

TEST(GlobEscaped, MatchesThatTextAlone) {
    EXPECT_EQ(glob_escaped("a*b?c[d]e\\f"), R"(a\*b\?c\[d\]e\\f)");
    EXPECT_EQ(glob_escaped(""), "");
    EXPECT_EQ(glob_escaped("plain:-^text"), "plain:-^text");
    std::mt19937_64 random(2);
    for (int i = 0; i < 50'000; ++i) {
        const auto text = random_text(random, text_alphabet, 5);
        const auto other = random_text(random, text_alphabet, 5);
        const auto escaped = glob_escaped(text);
        ASSERT_TRUE(glob_matches(escaped, text)) << text;
        ASSERT_EQ(glob_matches(escaped, other), other == text) << text << "   " << other;
        const auto [literal, rest] = glob_prefix(escaped);
        ASSERT_EQ(literal, text);
        ASSERT_TRUE(rest.empty());
    }
}

TEST(GlobPrefix, IsWhatPrecedesTheFirstWildcard) {
    const auto expect = [](std::string_view pattern, std::string_view literal, std::string_view rest) {
        const auto found = glob_prefix(pattern);
        EXPECT_EQ(found.literal, literal) << pattern;
        EXPECT_EQ(found.rest, rest) << pattern;
    };
    expect("", "", "");
    expect("a:b", "a:b", "");
    expect("a:*:b", "a:", "*:b");
    expect("?", "", "?");
    expect("a[bc", "a", "[bc");
    expect(R"(a\*b*)", "a*b", "*");
    expect(R"(a\bc)", "abc", "");
    expect("a\\", "a\\", "");
    expect("a]-^", "a]-^", "");
}

TEST(GlobPrefix, SplitsEveryPattern) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 100'000; ++i) {
        const auto pattern = random_text(random, pattern_alphabet, 8);
        const auto [literal, rest] = glob_prefix(pattern);
        const auto text = literal + random_text(random, text_alphabet, 3);
        const auto other = random_text(random, text_alphabet, 6);
        ASSERT_EQ(glob_matches(pattern, text), glob_matches(rest, text.substr(literal.size()))) << pattern;
        ASSERT_TRUE(!glob_matches(pattern, other) || other.starts_with(literal)) << pattern << "   " << other;
    }
}

class GlobAndRedis : public testing::Test {
  protected:
    void SetUp() override {
        if (!RealRedis::installed()) {
            GTEST_SKIP() << "redis-server is not installed";
        }
    }

    static void expect_same(std::string_view alphabet, std::size_t longest, std::size_t longest_pattern, int patterns,
                            unsigned seed) {
        const RealRedis server;
        auto connection = server.connect();
        auto keys = all_texts(alphabet, longest);
        keys.erase(keys.begin()); // Redis lets no "**" match the empty key; helix has none
        for (const auto& key : keys) {
            connection.append({"SET", key, ""});
        }
        connection.exchange(redis::in(redis::Milliseconds(20'000)));
        const auto wildcards = std::string(alphabet) + "**?[]^-\\";
        std::mt19937_64 random(seed);
        for (int i = 0; i < patterns; ++i) {
            const auto pattern = random_text(random, wildcards, longest_pattern);
            const auto reply = connection.call({"SCAN", "0", "MATCH", pattern, "COUNT", "1000000"},
                                               redis::in(redis::Milliseconds(20'000)));
            std::set<std::string> expected;
            for (const auto& item : reply.items.at(1).items) {
                expected.insert(item.text);
            }
            std::set<std::string> found;
            for (const auto& key : keys) {
                if (glob_matches(pattern, key)) {
                    found.insert(key);
                }
            }
            ASSERT_EQ(found, expected) << pattern;
        }
    }
};

TEST_F(GlobAndRedis, AgreeOnSmallTexts) {
    expect_same("ab-]\\[^*", 3, 7, 4'000, 4);
}

TEST_F(GlobAndRedis, AgreeOnAnyBytes) {
    expect_same(std::string_view("\0a\x7f\x80\xff", 5), 3, 7, 4'000, 5);
}

TEST(DisjointPrefixes, CoverEveryPatternOnce) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(disjoint_prefixes({}), Texts{});
    EXPECT_EQ(disjoint_prefixes({"b:*", "a:*", "b:*"}), (Texts{"a:", "b:"}));
    EXPECT_EQ(disjoint_prefixes({"a:b:*", "a:*", "ab:*", "a:b:c*", "b?"}), (Texts{"a:", "ab:", "b"}));
    EXPECT_EQ(disjoint_prefixes({R"(a\**)", "a[b]*", "ab"}), (Texts{"a"}));
    EXPECT_EQ(disjoint_prefixes({R"(a\**)", "theme"}), (Texts{"a*", "theme"}));
    EXPECT_EQ(disjoint_prefixes({"a:*", "*:x", "b"}), (Texts{""}));
}

} // namespace
} // namespace helix
