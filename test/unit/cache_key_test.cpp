// What a cache key says by its form, and the names of helix's own keys.
#include "core/cache/cache_key.hpp"
#include "core/glob.hpp"
#include "core/uuid.hpp"
#include "random_text.hpp"

#include <gtest/gtest.h>

namespace helix::cache_key {
namespace {

const std::string user = "8f14e45f-ceea-467f-a9ab-00000000000a";
const std::string upper = "8F14E45F-CEEA-467F-A9AB-00000000000A";
const std::string other = "8f14e45f-ceea-467f-a9ab-00000000000b";

TEST(CacheKey, FindsTheFirstSegmentThatIsAUuid) {
    EXPECT_EQ(user_of("cost_trends:" + user + ":30"), user);
    EXPECT_EQ(user_of("cost_trends:" + user), user);
    EXPECT_EQ(user_of(user), user);
    EXPECT_EQ(user_of(user + ":x"), user);
    EXPECT_EQ(user_of("a::" + user), user);
    EXPECT_EQ(user_of("a:" + upper + ":b"), upper) << "as the key has it";
    EXPECT_EQ(user_of("a:" + user + ":" + other), user);
    EXPECT_EQ(user_of("a:" + other + ":" + user), other);
    for (const auto& key : {std::string(), std::string(":"), std::string("a:b"), "a:" + user + "x", "a:x" + user,
                            "a:{" + user + "}:b", "a;" + user, "a:" + user.substr(1), std::string(5'000, ':')}) {
        EXPECT_EQ(user_of(key), "") << key;
    }
}

TEST(CacheKey, FindsEverySegmentThatIsAUuid) {
    using Users = std::vector<std::string_view>;
    EXPECT_EQ(users_of("a:b"), Users{});
    EXPECT_EQ(users_of(""), Users{});
    EXPECT_EQ(users_of(user), Users{user});
    EXPECT_EQ(users_of(other + ":" + user + ":x:" + upper + ":" + user), (Users{other, user, upper, user}));
}

TEST(CacheKey, KnowsCapitalsInUuidsAlone) {
    EXPECT_TRUE(has_capital_uuid(upper));
    EXPECT_TRUE(has_capital_uuid("A:" + user + ":" + upper));
    for (const auto& key : {std::string(), user, "A:" + user + ":B", "A:" + upper + "x", "A" + upper}) {
        EXPECT_FALSE(has_capital_uuid(key)) << key;
    }
}

TEST(CacheKey, ScopeEndsWithTheFirstUuid) {
    EXPECT_EQ(scope_of("cost_trends:" + user + ":30"), "cost_trends:" + user);
    EXPECT_EQ(scope_of("cost_trends:" + user), "cost_trends:" + user);
    EXPECT_EQ(scope_of(user + ":a"), user);
    EXPECT_EQ(scope_of("a:" + user + ":" + other), "a:" + user);
    EXPECT_EQ(scope_of("theme"), "theme");
    EXPECT_EQ(scope_of("a:b:" + user + "x"), "a:b:" + user + "x");
    EXPECT_EQ(scope_of(""), "");
}

TEST(CacheKey, PrefixHasAScopeOnceItsUuidIsComplete) {
    EXPECT_EQ(scope_of_prefix("trends:" + user + ":"), "trends:" + user);
    EXPECT_EQ(scope_of_prefix("trends:" + user + ":3"), "trends:" + user);
    EXPECT_EQ(scope_of_prefix(user + ":"), user);
    EXPECT_EQ(scope_of_prefix("trends:" + user), "") << "begins trends:" + user + "x as well";
    EXPECT_EQ(scope_of_prefix("trends:" + user.substr(0, 35)), "");
    EXPECT_EQ(scope_of_prefix("trends:"), "");
    EXPECT_EQ(scope_of_prefix(""), "");
}

std::string random_key(std::mt19937_64& random) {
    const std::string segments[] = {"a", "", "cost_trends", user, other, upper, user + "x", user.substr(0, 20)};
    std::string key;
    for (std::size_t i = random_below(random, 5); i > 0; --i) {
        key += any_of(random, segments);
        key += i > 1 || random_below(random, 3) == 0 ? ":" : "";
    }
    return key;
}

TEST(CacheKey, ScopeOfAPrefixHoldsEveryKeyWithIt) {
    std::mt19937_64 random(1);
    int scopes = 0;
    for (int i = 0; i < 50'000; ++i) {
        const auto key = random_key(random) + random_key(random);
        const auto prefix = key.substr(0, random_below(random, key.size() + 1));
        const auto scope = scope_of_prefix(prefix);
        ASSERT_TRUE(scope.empty() || scope == scope_of(key)) << prefix << "   " << key;
        ASSERT_TRUE(key.starts_with(scope_of(key)));
        scopes += scope.empty() ? 0 : 1;
    }
    EXPECT_GT(scopes, 1'000);
}

TEST(CacheKey, KnowsItsOwn) {
    for (const auto key : {epoch, cache_lease, tag_prefix, token_prefix}) {
        EXPECT_TRUE(is_own(key)) << key;
    }
    EXPECT_TRUE(is_own("helix:"));
    EXPECT_TRUE(is_own(tag_of("x")));
    EXPECT_TRUE(is_own(scope_token("x")));
    EXPECT_TRUE(is_own(user_token(user)));
    for (const char* key : {"", "helix", "Helix:epoch", "xhelix:epoch", "helix_x:"}) {
        EXPECT_FALSE(is_own(key)) << key;
    }
}

TEST(CacheKey, NamesTagsAndTokens) {
    EXPECT_EQ(tag_of("a:b"), "helix:tag:a:b");
    EXPECT_EQ(tag_of(""), "helix:tag:");
    EXPECT_EQ(scope_token("a:b"), "helix:token:a:b");
    EXPECT_EQ(user_token(user), "helix:token:user:" + user);
    EXPECT_EQ(user_token(upper), user_token(user)) << "one user, however the key has it";
    EXPECT_EQ(user_token(""), "helix:token:user:-");
    EXPECT_EQ(user_token("nobody"), "helix:token:user:-");
    EXPECT_NE(user_token(user), user_token(other));
}

TEST(CacheKey, SumsNameTheKeysOfTheUserAndTheOperation) {
    const auto patterns = sum_patterns(user, "email-compose");
    EXPECT_EQ(patterns[0].text, "cost_trends:" + user + ":*");
    EXPECT_EQ(patterns[1].text, "op_metrics:" + user + ":email-compose:*");
    EXPECT_EQ(patterns[2].text, "all_op_metrics:" + user + ":*");
    EXPECT_EQ(patterns[3].text, "dashboard:" + user + ":*");
    for (const auto& pattern : patterns) {
        EXPECT_EQ(pattern.scope(), scope_of_prefix(glob_prefix(pattern.text).literal));
    }
    std::mt19937_64 random(2);
    for (int i = 0; i < 20'000; ++i) {
        const auto operation = random_text(random, "ab*?[]\\-:", 5);
        const auto another = random_text(random, "ab*?[]\\-", 5);
        const auto pattern = sum_patterns(user, operation)[1].text;
        ASSERT_TRUE(glob_matches(pattern, "op_metrics:" + user + ":" + operation + ":2026-01")) << operation;
        const auto key = "op_metrics:" + user + ":" + another + ":2026-01";
        const auto prefix = "op_metrics:" + user + ":" + operation + ":";
        ASSERT_EQ(glob_matches(pattern, key), key.starts_with(prefix)) << operation << "   " << another;
    }
}

} // namespace
} // namespace helix::cache_key
