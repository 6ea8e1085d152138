// Templates of cache keys: columns, keys of a row, patterns of every row.
#include "core/cache/key_template.hpp"
#include "core/error.hpp"
#include "core/glob.hpp"
#include "random_text.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace helix {
namespace {

using Columns = std::vector<std::string>;

TEST(KeyTemplate, NamesItsColumns) {
    EXPECT_EQ(KeyTemplate("op_pref:{user_id}:{operation_id}").columns(), (Columns{"user_id", "operation_id"}));
    EXPECT_EQ(KeyTemplate("a:{x}{y}{x}").columns(), (Columns{"x", "y", "x"}));
    EXPECT_EQ(KeyTemplate("theme").columns(), Columns{});
    EXPECT_EQ(KeyTemplate("t:{a b:*?}").columns(), Columns{"a b:*?"}) << "any name a column may have";
}

TEST(KeyTemplate, NamesARowsKey) {
    const KeyTemplate key("op_pref:{user_id}:{operation_id}");
    EXPECT_FALSE(key.is_pattern());
    EXPECT_EQ(key.expanded({"u", "o"}), "op_pref:u:o");
    EXPECT_EQ(key.expanded({"", "*?[x]\\{z}"}), "op_pref::*?[x]\\{z}") << "a key, as it is";
    EXPECT_EQ(key.pattern(), "op_pref:*:*");
    EXPECT_EQ(KeyTemplate("theme").expanded({}), "theme");
    EXPECT_EQ(KeyTemplate("theme").pattern(), "theme");
}

TEST(KeyTemplate, NamesARowsPattern) {
    const KeyTemplate key("cost_trends:{user_id}:*");
    EXPECT_TRUE(key.is_pattern());
    EXPECT_EQ(key.expanded({"u"}), "cost_trends:u:*");
    EXPECT_EQ(key.expanded({"*?[x]\\"}), R"(cost_trends:\*\?\[x\]\\:*)") << "a value has no wildcards";
    EXPECT_EQ(key.pattern(), "cost_trends:*:*");
    for (const char* text : {"a:*", "a*{x}", "a:{x}?", "a:{x}:[bc]:d"}) {
        EXPECT_TRUE(KeyTemplate(text).is_pattern()) << text;
    }
}

TEST(KeyTemplate, RefusesWhatCannotBeMeant) {
    for (const char* text : {"", "{user_id}", "*", "*:{x}", "?a", "[a]b", "{x}:a", "a:{", "a:}", "a:{x", "a:x}",
                             "a:{x}}", "a:{}", "a:{}:b", "a:{x}{", "a}{x}", "a:{x{y}", "a:{{x}}", "a:{{x}"}) {
        try {
            const KeyTemplate key(text);
            ADD_FAILURE() << "accepted: " << text;
        } catch (const Error& error) {
            EXPECT_STREQ(error.sqlstate, "22023") << text;
            EXPECT_NE(error.detail.find(text), std::string::npos) << text;
            EXPECT_FALSE(error.hint.empty()) << text;
        }
    }
}

// Whatever row a template names is among those that its pattern names.
void expect_pattern_to_cover(std::mt19937_64& random, std::string_view alphabet) {
    for (int i = 0; i < 50'000; ++i) {
        std::string text = "a";
        for (std::size_t columns = random_below(random, 4); columns > 0; --columns) {
            text += random_text(random, alphabet, 2) + "{x}";
        }
        text += random_text(random, alphabet, 2);
        std::optional<KeyTemplate> accepted;
        try {
            accepted.emplace(text);
        } catch (const Error&) {
            continue; // such as a column within a set
        }
        const KeyTemplate& key = *accepted;
        std::vector<std::string> values(key.columns().size());
        for (auto& value : values) {
            value = random_text(random, "ab:*?[\\", 3);
        }
        const auto row = key.expanded({values.begin(), values.end()});
        if (!key.is_pattern()) {
            ASSERT_TRUE(glob_matches(key.pattern(), row)) << text << "   " << row;
            continue;
        }
        for (int sample = 0; sample < 5; ++sample) {
            const auto name = glob_prefix(row).literal + random_text(random, "ab:", 3);
            ASSERT_TRUE(!glob_matches(row, name) || glob_matches(key.pattern(), name)) << text << "   " << name;
        }
    }
}

TEST(KeyTemplate, PatternCoversEveryRow) {
    std::mt19937_64 random(1);
    expect_pattern_to_cover(random, "ab:*?");
}

TEST(KeyTemplate, PatternCoversEveryRowOfATemplateWithBackslashes) {
    std::mt19937_64 random(2);
    expect_pattern_to_cover(random, "ab:*\\");
}

TEST(KeyTemplate, PatternCoversEveryRowOfATemplateWithSets) {
    std::mt19937_64 random(3);
    expect_pattern_to_cover(random, "ab[]^");
}

TEST(KeyTemplate, ValuesKeepToThemselves) {
    std::mt19937_64 random(4);
    const KeyTemplate key("t:{a}:*");
    for (int i = 0; i < 20'000; ++i) {
        const auto value = random_text(random, "ab*?[]\\^-", 4);
        const auto other = random_text(random, "ab*?[]\\^-", 4);
        ASSERT_TRUE(glob_matches(key.expanded({value}), "t:" + value + ":30"));
        ASSERT_EQ(glob_matches(key.expanded({value}), "t:" + other + ":30"), value == other) << value << "   " << other;
    }
}

} // namespace
} // namespace helix
