// Sets of stale things: read back as they were added, never beyond their size, and whatever was added stays covered.
#include "stale_keys.hpp"

#include <gtest/gtest.h>

#include <set>

namespace helix {
namespace {

constexpr std::size_t plenty = 1'000'000;
const std::string text_user = "8f14e45f-ceea-467f-a9ab-00000000000a";
const UuidBytes user = *parse_uuid(text_user);

std::vector<Stale> read_back(const Invalidations& set) {
    return StaleList(set.bytes()).found;
}

TEST(Invalidations, AreEmptyAtFirstAndAfterClear) {
    Invalidations set(plenty);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(set.empty());
        EXPECT_FALSE(set.is_everything());
        EXPECT_TRUE(set.bytes().empty());
        EXPECT_FALSE(set.covers(""));
        EXPECT_FALSE(set.covers("a"));
        set.add_key("a");
        EXPECT_FALSE(set.empty());
        if (i == 0) {
            set.add_everything();
            EXPECT_FALSE(set.empty());
        }
        set.clear();
    }
    EXPECT_TRUE(set.empty());
    EXPECT_FALSE(set.covers("a"));
    set.add_key("a");
    EXPECT_EQ(read_back(set).size(), 1U) << "what was cleared is no repetition";
}

TEST(Invalidations, GiveBackWhatWasAdded) {
    Invalidations set(plenty);
    set.add_key("");
    set.add_key(std::string_view("a\0b", 3));
    set.add_pattern("a:*");
    set.add_sums(user, "email-compose");
    set.add_sums(user, "");
    set.add_user(user);
    EXPECT_EQ(read_back(set), (std::vector<Stale>{{'k', "", {}},
                                                  {'k', std::string("a\0b", 3), {}},
                                                  {'p', "a:*", {}},
                                                  {'s', "email-compose", text_user},
                                                  {'s', "", text_user},
                                                  {'u', {}, text_user}}));
}

TEST(Invalidations, LeaveOutARepetitionOfTheLast) {
    Invalidations set(plenty);
    for (int i = 0; i < 1'000; ++i) {
        set.add_sums(user, "x");
    }
    EXPECT_EQ(read_back(set).size(), 1U);
    set.add_key("x");
    set.add_pattern("x"); // not the same thing
    set.add_key("x");
    EXPECT_EQ(read_back(set).size(), 4U);
    for (int i = 0; i < 1'000; ++i) {
        set.add_user(user);
    }
    EXPECT_EQ(read_back(set).size(), 5U) << "of the last, not the first";
}

TEST(Invalidations, TakeTextsUpToTheLongest) {
    const std::string longest(Invalidations::longest_text, 'x');
    Invalidations set(plenty);
    set.add_key(longest);
    set.add_pattern(longest);
    set.add_sums(user, longest);
    EXPECT_EQ(read_back(set), (std::vector<Stale>{{'k', longest, {}}, {'p', longest, {}}, {'s', longest, text_user}}));
    EXPECT_TRUE(set.covers(longest));
}

TEST(Invalidations, MakeOfLongerTextsTheNextLargerThing) {
    const std::string longer(Invalidations::longest_text + 1, 'x');
    Invalidations keys(plenty);
    keys.add_key(longer);
    EXPECT_TRUE(keys.is_everything());
    Invalidations patterns(plenty);
    patterns.add_pattern(longer);
    EXPECT_TRUE(patterns.is_everything());
    Invalidations sums(plenty);
    sums.add_sums(user, longer);
    EXPECT_FALSE(sums.is_everything());
    EXPECT_EQ(read_back(sums), (std::vector<Stale>{{'u', {}, text_user}}));
}

TEST(Invalidations, TellWhetherThereWasAnAddition) {
    Invalidations set(plenty);
    auto before = set.additions();
    const auto expect_grown = [&] {
        EXPECT_GT(set.additions(), before);
        before = set.additions();
    };
    set.add_key("a");
    expect_grown();
    set.add_key("a"); // a repetition
    expect_grown();
    set.add_pattern("a:*");
    expect_grown();
    set.add_sums(user, "x");
    expect_grown();
    set.add_user(user);
    expect_grown();
    set.add_everything();
    expect_grown();
    EXPECT_TRUE(set.covers("a"));
    EXPECT_EQ(set.additions(), before) << "looking adds nothing";
}

TEST(Invalidations, OfEverythingStayThat) {
    Invalidations set(plenty);
    set.add_key("a");
    set.add_everything();
    set.add_key("b");
    set.add_pattern("c");
    set.add_sums(user, "x");
    set.add_user(user);
    EXPECT_TRUE(set.is_everything());
    EXPECT_TRUE(set.bytes().empty());
    EXPECT_TRUE(set.covers("any"));
    EXPECT_TRUE(set.covers(""));
    set.clear();
    EXPECT_FALSE(set.covers("any"));
}

TEST(Invalidations, CoverWhatTheyName) {
    Invalidations set(plenty);
    set.add_key("exact");
    set.add_pattern("pre:*");
    set.add_sums(user, "o*");
    for (const auto& key : {std::string("exact"), std::string("pre:"), "cost_trends:" + text_user + ":30",
                            "op_metrics:" + text_user + ":o*:1", "all_op_metrics:" + text_user + ":1",
                            "dashboard:" + text_user + ":7:UTC"}) {
        EXPECT_TRUE(set.covers(key)) << key;
    }
    for (const auto& key : {std::string("exact:"), std::string("exac"), std::string("pre"), std::string(),
                            "op_metrics:" + text_user + ":ox:1", "op_prefs:" + text_user, "cost_trends:" + text_user}) {
        EXPECT_FALSE(set.covers(key)) << key;
    }
    set.add_user(user);
    EXPECT_TRUE(set.covers("op_prefs:" + text_user));
    EXPECT_FALSE(set.covers("op_prefs:" + text_user.substr(0, 35) + "b"));
}

TEST(Invalidations, KeepAllThatFits) {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        StaleSource source(seed);
        Invalidations set(100'000);
        std::set<Stale> added;
        for (std::size_t i = source.below(200); i > 0 && !set.is_everything(); --i) {
            const auto stale = source.stale();
            stale.add_to(set);
            added.insert(stale);
        }
        if (!set.is_everything()) {
            const auto found = read_back(set);
            ASSERT_EQ(std::set<Stale>(found.begin(), found.end()), added) << seed;
        }
    }
}

TEST(Invalidations, StayWithinTheirSizeAndCoverAllThatWasAdded) {
    int by_user = 0;
    for (unsigned seed = 1; seed <= 4'000; ++seed) {
        StaleSource source(seed);
        const std::size_t most = source.below(seed % 2 == 0 ? 1'500 : 300);
        Invalidations set(most);
        std::vector<Stale> added;
        for (std::size_t i = 1 + source.below(60); i > 0; --i) {
            added.push_back(source.stale());
            added.back().add_to(set);
            ASSERT_LE(set.bytes().size(), most) << seed;
            ASSERT_FALSE(set.empty()) << seed;
        }
        for (int i = 0; i < 30; ++i) {
            const auto key = source.key();
            ASSERT_TRUE(!any_covers(added, key) || set.covers(key)) << seed << ' ' << key;
        }
        const auto found = read_back(set);
        const bool shrunk = std::any_of(found.begin(), found.end(), [&](const Stale& stale) {
            return stale.kind == 'u' && std::find(added.begin(), added.end(), stale) == added.end();
        });
        by_user += shrunk && !set.is_everything() ? 1 : 0;
    }
    EXPECT_GT(by_user, 50) << "sets that were reduced to users must be among them";
}

TEST(Invalidations, RepetitionsGoBeforeAnythingElse) {
    Invalidations set(1'000);
    for (int i = 0; i < 10'000; ++i) {
        set.add_key(i % 2 == 0 ? "theme:a" : "theme:b");
    }
    const auto found = read_back(set);
    EXPECT_FALSE(set.is_everything());
    EXPECT_EQ(std::set<Stale>(found.begin(), found.end()),
              (std::set<Stale>{{'k', "theme:a", {}}, {'k', "theme:b", {}}}));
}

TEST(Invalidations, TellAKeyFromAPatternOfTheSameText) {
    Invalidations set(1'000);
    for (int i = 0; i < 10'000; ++i) {
        i % 2 == 0 ? set.add_key("theme:*") : set.add_pattern("theme:*");
        ASSERT_TRUE(i == 0 || set.covers("theme:x")) << i;
    }
    const auto found = read_back(set);
    EXPECT_EQ(std::set<Stale>(found.begin(), found.end()),
              (std::set<Stale>{{'k', "theme:*", {}}, {'p', "theme:*", {}}}));
}

TEST(Invalidations, BecomeUsersWhereAllOfThemHaveOne) {
    Invalidations set(1'000);
    for (int i = 0; i < 1'000; ++i) {
        set.add_sums(user, std::to_string(i));
        set.add_key("op_pref:" + text_user + ":" + std::to_string(i));
        set.add_pattern("cost_trends:" + text_user + ":" + std::to_string(i) + "*");
    }
    EXPECT_FALSE(set.is_everything());
    EXPECT_TRUE(set.covers("any:" + text_user));
    EXPECT_FALSE(set.covers("any:8f14e45f-ceea-467f-a9ab-00000000000b"));
    const auto found = read_back(set);
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](auto& stale) { return stale.kind == 'u'; }));
}

TEST(Invalidations, KeepUsersThatWereNamedWhenTheyBecomeUsers) {
    Invalidations set(1'000);
    const UuidBytes named{};
    set.add_user(named);
    for (int i = 0; i < 1'000; ++i) {
        set.add_sums(user, std::to_string(i));
    }
    const auto found = read_back(set);
    EXPECT_EQ(std::count(found.begin(), found.end(), Stale{'u', {}, format_uuid(named)}), 1);
    EXPECT_EQ(std::count(found.begin(), found.end(), Stale{'u', {}, text_user}), 1);
}

TEST(Invalidations, BecomeEverythingWhereAKeyHasNoUser) {
    Invalidations set(1'000);
    set.add_key("theme");
    for (int i = 0; i < 1'000; ++i) {
        set.add_sums(user, std::to_string(i));
    }
    EXPECT_TRUE(set.is_everything());
}

TEST(Invalidations, BecomeEverythingWithTooManyUsers) {
    Invalidations set(1'000);
    UuidBytes each = user;
    for (int i = 0; i < 200; ++i) {
        each[0] = static_cast<std::uint8_t>(i);
        set.add_user(each);
    }
    EXPECT_TRUE(set.is_everything());
}

// Reduces a set of this pattern, or this key, by filling it up with another user's sums.
bool covers_once_reduced(char kind, const std::string& text, const std::string& key) {
    Invalidations set(400);
    Stale{kind, text, {}}.add_to(set);
    for (int i = 0; i < 20; ++i) {
        set.add_sums(*parse_uuid("00000000-0000-0000-0000-000000000000"), std::to_string(i));
    }
    EXPECT_TRUE(set.is_everything() || read_back(set).front().kind == 'u') << "it was not reduced";
    return set.covers(key);
}

TEST(Invalidations, CoverOnceReducedAUuidThatIsPartOfASet) {
    EXPECT_TRUE(covers_once_reduced('p', "theme[:" + text_user + ":]x", "theme:x"));
    EXPECT_TRUE(covers_once_reduced('p', "theme[x:" + text_user, "themex"));
    const std::string escaped = R"(\8f14e45f-ceea-467f-a9ab-00000000000b)"; // a character that needs no backslash
    EXPECT_TRUE(covers_once_reduced('p', "a:" + escaped + ":[:" + text_user + ":]*", "a:" + escaped.substr(1) + "::x"));
}

} // namespace
} // namespace helix
