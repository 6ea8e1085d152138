// The pass over Redis that removes what only a pattern, a user or "everything" names.
#include "core/cache/cache_key.hpp"
#include "fake_redis.hpp"
#include "real_redis.hpp"
#include "redis/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace helix::redis {
namespace {

using Texts = std::vector<std::string>;
const std::string user = "8f14e45f-ceea-467f-a9ab-00000000000a";

Reply text(std::string value) {
    return {.type = Reply::Type::text, .text = std::move(value), .integer = 0, .items = {}};
}

Reply array(std::vector<Reply> items) {
    return {.type = Reply::Type::array, .text = {}, .integer = 0, .items = std::move(items)};
}

Reply scanned(const std::string& cursor, const Texts& keys) {
    std::vector<Reply> items;
    for (const auto& key : keys) {
        items.push_back(text(key));
    }
    return array({text(cursor), array(std::move(items))});
}

Texts sorted(Texts texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
}

class SweepTest : public testing::Test {
  protected:
    // Sends the step's command and returns it.
    Texts step() {
        sweep_.append_step(connection_);
        connection_.exchange(in(Milliseconds(5'000)));
        const auto commands = server_.commands();
        EXPECT_EQ(commands.size(), 1U);
        return commands.back();
    }
    // A whole pass over these keys.
    Texts pass(const Texts& keys) {
        step();
        return sorted(sweep_.take(scanned("0", keys)));
    }
    bool is_due() const { return sweep_.due() && *sweep_.due() <= std::chrono::steady_clock::now(); }

    WritingRedis server_;
    Connection connection_{server_.address(), Secret(), in(Milliseconds(5'000))};
    Sweep sweep_;
};

TEST_F(SweepTest, HasNothingToDoAtFirst) {
    EXPECT_FALSE(sweep_.due().has_value());
}

TEST_F(SweepTest, GoesThroughRedisByTheCursor) {
    sweep_.add_pattern("a:*");
    EXPECT_TRUE(is_due());
    auto command = step();
    ASSERT_EQ(command.size(), 4U);
    EXPECT_EQ(command[0], "SCAN");
    EXPECT_EQ(command[1], "0");
    EXPECT_EQ(command[2], "COUNT");
    EXPECT_EQ(sweep_.take(scanned("17", {"a:1", "b:1"})), (Texts{"a:1", "helix:tag:a:1"}));
    EXPECT_TRUE(is_due()) << "at once";
    command = step();
    EXPECT_EQ(command[1], "17");
    EXPECT_EQ(sweep_.take(scanned("0", {})), Texts{});
    EXPECT_FALSE(sweep_.due().has_value());
}

TEST_F(SweepTest, LeavesWhatComesMeanwhileToTheNextPass) {
    sweep_.add_pattern("a:*");
    step();
    sweep_.add_pattern("b:*");
    EXPECT_EQ(sweep_.take(scanned("17", {"a:1", "b:1"})), (Texts{"a:1", "helix:tag:a:1"}));
    step();
    EXPECT_EQ(sweep_.take(scanned("0", {"a:2", "b:2"})), (Texts{"a:2", "helix:tag:a:2"}));
    ASSERT_TRUE(sweep_.due().has_value());
    EXPECT_EQ(step()[1], "0");
    EXPECT_EQ(sweep_.take(scanned("0", {"a:1", "b:1"})), (Texts{"b:1", "helix:tag:b:1"}));
}

TEST_F(SweepTest, PausesBetweenPasses) {
    sweep_.add_pattern("a:*");
    step();
    std::this_thread::sleep_for(Milliseconds(30));
    sweep_.take(scanned("0", {}));
    sweep_.add_pattern("b:*");
    ASSERT_TRUE(sweep_.due().has_value());
    EXPECT_GT(*sweep_.due(), in(Milliseconds(50))) << "longer than the pass has taken";
}

TEST_F(SweepTest, RemovesOfAUserWhatHelixOwns) {
    KeyMatcher owned;
    owned.add_pattern("mine:*");
    sweep_.set_owned(std::move(owned));
    sweep_.add_user(user);
    EXPECT_TRUE(is_due());
    const Texts keys{"mine:" + user,
                     "mine:1",
                     "mine:" + user + "x",
                     "yours:" + user,
                     "helix:epoch",
                     "helix:tag:filled:" + user,
                     "helix:token:mine:" + user};
    EXPECT_EQ(pass(keys),
              sorted({"mine:" + user, "helix:tag:mine:" + user, "filled:" + user, "helix:tag:filled:" + user}));
    EXPECT_FALSE(sweep_.due().has_value());
}

TEST_F(SweepTest, FindsByItsTagWhatHelixHasFilled) {
    sweep_.add_pattern("a:*");
    EXPECT_EQ(pass({"helix:tag:a:1", "helix:tag:b:1", "helix:tag:"}), (Texts{"a:1", "helix:tag:a:1"}));
}

TEST_F(SweepTest, RemovesForEverythingWhatHelixOwns) {
    KeyMatcher owned;
    owned.add_pattern("mine:*");
    sweep_.set_owned(std::move(owned));
    sweep_.add_everything();
    const Texts keys{"mine:1",      "yours:1",     "helix:tag:other:1", "helix:token:mine:1", "helix:token:user:-",
                     "helix:epoch", "helix:lease", "helix:fill:x"};
    EXPECT_EQ(pass(keys), sorted({"mine:1", "helix:tag:mine:1", "other:1", "helix:tag:other:1", "helix:token:mine:1",
                                  "helix:token:user:-"}));
    EXPECT_FALSE(sweep_.due().has_value()) << "once";
}

TEST_F(SweepTest, KeepsHelixsOwnKeysFromAPatternForAll) {
    sweep_.add_pattern("*");
    EXPECT_EQ(pass({"a", "helix:epoch", "helix:lease", "helix:token:a"}), (Texts{"a", "helix:tag:a"}));
}

TEST_F(SweepTest, ForgetsAllWhenCleared) {
    sweep_.add_pattern("a:*");
    step();
    sweep_.take(scanned("17", {}));
    sweep_.add_pattern("b:*");
    sweep_.clear();
    EXPECT_FALSE(sweep_.due().has_value());
    sweep_.add_pattern("c:*");
    EXPECT_TRUE(is_due());
    EXPECT_EQ(step()[1], "0") << "a new pass begins at the beginning";
    EXPECT_EQ(sweep_.take(scanned("0", {"a:1", "b:1", "c:1"})), (Texts{"c:1", "helix:tag:c:1"}));
}

TEST_F(SweepTest, RefusesAnotherAnswer) {
    sweep_.add_pattern("a:*");
    step();
    for (const auto& reply :
         {Reply{}, text("x"), array({}), array({text("0")}), array({text("0"), array({}), array({})})}) {
        EXPECT_THROW(sweep_.take(reply), Failure);
    }
    EXPECT_THROW(sweep_.take(array({Reply{}, array({})})), Failure) << "a cursor of nil";
    EXPECT_THROW(sweep_.take(array({array({}), array({})})), Failure) << "an array for a cursor";
    EXPECT_THROW(sweep_.take(array({text(""), array({})})), Failure) << "an empty cursor";
    EXPECT_THROW(sweep_.take(array({text("0"), text("x")})), Failure) << "a text for the keys";
}

TEST_F(SweepTest, TakesVeryManyPrefixesForEverything) {
    KeyMatcher owned;
    owned.add_pattern("mine:*");
    sweep_.set_owned(std::move(owned));
    for (int i = 0; i < 120'000; ++i) {
        sweep_.add_pattern("mine:" + std::to_string(i) + ":*");
    }
    sweep_.add_pattern("yours:1:*");
    EXPECT_EQ(pass({"mine:1:x", "mine:119999:x", "yours:1:x", "yours:2:x"}),
              sorted({"mine:1:x", "helix:tag:mine:1:x", "mine:119999:x", "helix:tag:mine:119999:x", "yours:1:x",
                      "helix:tag:yours:1:x"}));
}

TEST_F(SweepTest, TakesVeryManyPrefixesOfOthersWithoutDelay) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 101'000; ++i) {
        sweep_.add_pattern("yours:" + std::to_string(i) + ":*");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    EXPECT_EQ(pass({"yours:1:x", "yours:100999:x", "other"}),
              sorted({"yours:1:x", "helix:tag:yours:1:x", "yours:100999:x", "helix:tag:yours:100999:x"}));
}

// "Everything" removes mine:a: but not mine:a:x, which only the prefix names.
TEST_F(SweepTest, KeepsPrefixesThatTheOwnedPatternsOnlySeemToHold) {
    KeyMatcher owned;
    owned.add_pattern("mine:?:");
    owned.add_pattern("many:*");
    sweep_.set_owned(std::move(owned));
    sweep_.add_pattern("mine:a:*");
    for (int i = 0; i < 100'001; ++i) {
        sweep_.add_pattern("many:" + std::to_string(i) + ":*");
    }
    EXPECT_EQ(pass({"mine:a:x"}), (Texts{"helix:tag:mine:a:x", "mine:a:x"}));
}

TEST_F(SweepTest, TakesManyPatternsInSeveralPasses) {
    Texts keys;
    Texts expected;
    for (int i = 0; i < 250; ++i) {
        sweep_.add_pattern("a" + std::to_string(i) + "?");
        keys.push_back("a" + std::to_string(i) + "x");
        expected.insert(expected.end(), {keys.back(), "helix:tag:" + keys.back()});
    }
    Texts found;
    int passes = 0;
    for (; sweep_.due(); ++passes) {
        const auto some = pass(keys);
        found.insert(found.end(), some.begin(), some.end());
    }
    EXPECT_EQ(sorted(found), sorted(expected));
    EXPECT_LE(passes, 3);
}

TEST(SweepAndRedis, RemoveExactlyWhatIsNamed) {
    if (!RealRedis::installed()) {
        GTEST_SKIP() << "redis-server is not installed";
    }
    const RealRedis server;
    auto connection = server.connect();
    const auto deadline = in(Milliseconds(30'000));
    for (int i = 0; i < 20'000; ++i) {
        connection.append({"SET", (i % 2 == 0 ? "stale:" : "fresh:") + std::to_string(i), "x"});
    }
    connection.exchange(deadline);
    Sweep sweep;
    sweep.add_pattern("stale:*");
    int steps = 0;
    while (sweep.due()) {
        sweep.append_step(connection);
        const auto found = sweep.take(connection.exchange(deadline).back());
        ++steps;
        for (const auto& key : found) {
            ASSERT_TRUE(key.starts_with("stale:") || key.starts_with("helix:tag:stale:"));
            connection.append({"UNLINK", key});
        }
        connection.exchange(deadline);
    }
    EXPECT_GT(steps, 5);
    EXPECT_EQ(connection.call({"DBSIZE"}, deadline).integer, 10'000);
}

} // namespace
} // namespace helix::redis
