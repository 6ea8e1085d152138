// What the invalidator sends to Redis: all that a set of stale things names, tokens first, and the same again after a
// while.
#include "core/cache/cache_key.hpp"
#include "fake_redis.hpp"
#include "redis/key_removal.hpp"
#include "stale_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace helix::redis {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
const std::string user = "8f14e45f-ceea-467f-a9ab-00000000000a";
const std::string other = "8f14e45f-ceea-467f-a9ab-00000000000b";

// Instead of random numbers.
std::string next_token() {
    static int number = 0;
    return "token" + std::to_string(++number);
}

class KeyRemovalTest : public testing::Test {
  protected:
    // Sends what has been named and returns the commands.
    std::vector<Texts> send(Milliseconds repeat = 0ms) {
        removal_.append(connection_, repeat);
        connection_.exchange(in(60s));
        return server_.commands();
    }
    // More than is kept for the repetition.
    void too_much() {
        for (int i = 0; i < 100'000; ++i) {
            removal_.key(std::string(300, 'k') + std::to_string(i));
        }
    }
    static std::set<std::string> unlinked(const std::vector<Texts>& commands) {
        std::set<std::string> keys;
        for (const auto& command : commands) {
            if (command.front() == "UNLINK") {
                keys.insert(command.begin() + 1, command.end());
            }
        }
        return keys;
    }
    // Whether the sweep that follows finds `key`.
    bool sweeps(const std::string& key) {
        if (!sweep_.due()) {
            return false;
        }
        sweep_.append_step(connection_);
        connection_.exchange(in(5s));
        server_.commands();
        const auto text = [](const std::string& t) {
            return Reply{.type = Reply::Type::text, .text = t, .integer = 0, .items = {}};
        };
        const auto array = [](std::vector<Reply> items) {
            return Reply{.type = Reply::Type::array, .text = {}, .integer = 0, .items = std::move(items)};
        };
        return !sweep_.take(array({text("0"), array({text(key)})})).empty();
    }

    WritingRedis server_;
    Connection connection_{server_.address(), Secret(), in(5s)};
    Sweep sweep_;
    KeyRemoval removal_{sweep_, next_token};
};

TEST_F(KeyRemovalTest, SendsNothingForNothing) {
    EXPECT_TRUE(removal_.empty());
    removal_.append(connection_, 0ms);
    EXPECT_EQ(connection_.waiting(), 0U);
    EXPECT_EQ(removal_.sent(), 0U);
    EXPECT_FALSE(removal_.repeat_due().has_value());
}

TEST_F(KeyRemovalTest, RemovesAKeyWithItsTagAfterItsToken) {
    removal_.key("cost_trends:" + user + ":30");
    EXPECT_FALSE(removal_.empty());
    const auto commands = send();
    EXPECT_EQ(commands, (std::vector<Texts>{
                            {"UNLINK", "helix:token:cost_trends:" + user},
                            {"UNLINK", "cost_trends:" + user + ":30"},
                            {"UNLINK", "helix:tag:cost_trends:" + user + ":30"},
                            {"PUBLISH", "helix:invalidations", R"({"keys":["cost_trends:)" + user + R"(:30"]})"}}));
    EXPECT_EQ(removal_.sent(), 1U);
    EXPECT_TRUE(removal_.empty());
    EXPECT_TRUE(send().empty()) << "once";
    EXPECT_FALSE(sweep_.due().has_value());
}

TEST_F(KeyRemovalTest, TakesAPatternWithoutWildcardsForAKey) {
    removal_.pattern(R"(theme\*)");
    EXPECT_EQ(unlinked(send()), (std::set<std::string>{"theme*", "helix:tag:theme*", "helix:token:theme*"}));
}

TEST_F(KeyRemovalTest, TakesTheTokenOfAPatternThatNamesAUser) {
    removal_.pattern("cost_trends:" + user + ":*");
    EXPECT_FALSE(removal_.sets_epoch());
    EXPECT_EQ(unlinked(send()), (std::set<std::string>{"helix:token:cost_trends:" + user}));
    EXPECT_TRUE(sweeps("cost_trends:" + user + ":7"));
}

TEST_F(KeyRemovalTest, SetsANewEpochForAWiderPattern) {
    for (const auto& pattern : {std::string("cost_trends:*"), "cost_trends:" + user + "*", "*:" + user + ":x"}) {
        removal_.pattern(pattern);
        EXPECT_TRUE(removal_.sets_epoch());
        const auto before = removal_.epoch();
        const auto commands = send();
        ASSERT_GE(commands.size(), 2U);
        EXPECT_EQ(commands[0], (Texts{"UNLINK", "helix:epoch"}));
        EXPECT_EQ(commands[1], (Texts{"SET", "helix:epoch", removal_.epoch()}));
        EXPECT_NE(removal_.epoch(), before);
        EXPECT_FALSE(removal_.sets_epoch());
    }
}

TEST_F(KeyRemovalTest, RemovesTheSumsOfAUser) {
    removal_.sums(user, "email");
    const auto commands = send();
    EXPECT_EQ(unlinked(commands),
              (std::set<std::string>{"helix:token:cost_trends:" + user, "helix:token:op_metrics:" + user,
                                     "helix:token:all_op_metrics:" + user, "helix:token:dashboard:" + user}));
    EXPECT_EQ(commands.back()[0], "PUBLISH");
    EXPECT_EQ(removal_.sent(), 4U);
    EXPECT_TRUE(sweeps("op_metrics:" + user + ":email:1"));
}

TEST_F(KeyRemovalTest, RemovesAUser) {
    removal_.user(user);
    EXPECT_FALSE(removal_.sets_epoch());
    const auto commands = send();
    EXPECT_EQ(unlinked(commands), (std::set<std::string>{"helix:token:user:" + user}));
    EXPECT_EQ(commands.back()[2], R"({"users":[")" + user + R"("]})");
    EXPECT_FALSE(sweeps("any:" + user)) << "it is not helix's";
}

TEST_F(KeyRemovalTest, RemovesEverything) {
    removal_.key("a");
    removal_.everything();
    EXPECT_FALSE(removal_.empty());
    EXPECT_TRUE(removal_.sets_epoch());
    const auto commands = send();
    EXPECT_EQ(commands.front(), (Texts{"UNLINK", "helix:epoch"}));
    EXPECT_EQ(commands.back()[2], R"({"everything":true})");
    EXPECT_EQ(removal_.sent(), 2U);
    EXPECT_TRUE(sweeps("helix:tag:x"));
}

TEST_F(KeyRemovalTest, RenewsTheEpochAlone) {
    removal_.renew_epoch();
    EXPECT_FALSE(removal_.empty());
    const auto commands = send();
    EXPECT_EQ(commands, (std::vector<Texts>{{"UNLINK", "helix:epoch"}, {"SET", "helix:epoch", removal_.epoch()}}));
    EXPECT_EQ(removal_.sent(), 0U);
}

TEST_F(KeyRemovalTest, BoundsTheLengthOfACommand) {
    std::set<std::string> expected;
    for (int i = 0; i < 2'500; ++i) {
        const auto key = "k" + std::to_string(i);
        removal_.key(key);
        expected.insert({key, "helix:tag:" + key, "helix:token:" + key});
    }
    const auto commands = send();
    EXPECT_EQ(unlinked(commands), expected);
    for (const auto& command : commands) {
        EXPECT_LE(command.size(), 1'024U);
        EXPECT_GE(command.size(), 2U);
    }
}

TEST_F(KeyRemovalTest, TellsLocalCachesAllOfIt) {
    removal_.key("k");
    removal_.key("quote\"");
    removal_.pattern("p:*");
    removal_.user(user);
    const auto message = send().back()[2];
    EXPECT_TRUE(message == R"({"keys":["k","quote\""],"patterns":["p:*"],"users":[")" + user + R"("]})" ||
                message == R"({"keys":["quote\"","k"],"patterns":["p:*"],"users":[")" + user + R"("]})")
        << message;
}

TEST_F(KeyRemovalTest, RemovesWhatHelixOwnsOfAUser) {
    KeyMatcher owned;
    owned.add_pattern("mine:*");
    sweep_.set_owned(std::move(owned));
    removal_.user(user);
    EXPECT_FALSE(removal_.empty());
    EXPECT_FALSE(removal_.sets_epoch());
    const auto commands = send(50ms);
    EXPECT_EQ(unlinked(commands), (std::set<std::string>{"helix:token:user:" + user}));
    EXPECT_EQ(commands.back()[2], R"({"users":[")" + user + R"("]})");
    EXPECT_EQ(removal_.sent(), 1U);
    EXPECT_TRUE(sweeps("mine:" + user));
    ASSERT_TRUE(removal_.repeat_due().has_value());
    std::this_thread::sleep_until(*removal_.repeat_due());
    send(50ms);
    EXPECT_FALSE(sweeps("yours:" + user));
    removal_.user(user);
    removal_.clear();
    EXPECT_TRUE(removal_.empty());
}

// The names of one message by their kinds; no name here holds what JSON escapes.
std::multimap<std::string, std::string> names_in(const std::string& message) {
    std::multimap<std::string, std::string> names;
    EXPECT_TRUE(message.starts_with("{\"") && message.ends_with("\"]}")) << message;
    std::string kind;
    for (std::size_t at = 1; at + 2 < message.size();) {
        const auto end = message.find('"', at + 1);
        const auto name = message.substr(at + 1, end - at - 1);
        if (message.compare(end, 3, "\":[") == 0) {
            kind = name;
            at = end + 3;
        } else {
            names.emplace(kind, name);
            at = end + (message[end + 1] == ']' && message[end + 2] == ',' ? 3 : 2);
        }
        EXPECT_TRUE(at + 2 >= message.size() || message[at] == '"') << message.substr(at);
    }
    return names;
}

TEST_F(KeyRemovalTest, TellsLocalCachesInMessagesOfABoundedLength) {
    for (const int keys : {0, 1, 499, 500, 501, 1'000}) {
        for (const int patterns : {0, 1, 500, 700}) {
            std::multimap<std::string, std::string> expected;
            for (int i = 0; i < keys; ++i) {
                expected.emplace("keys", "k" + std::to_string(i));
                removal_.key("k" + std::to_string(i));
            }
            for (int i = 0; i < patterns; ++i) {
                expected.emplace("patterns", "p" + std::to_string(i) + "*");
                removal_.pattern("p" + std::to_string(i) + "*");
            }
            expected.emplace("users", user);
            removal_.user(user);
            std::set<std::pair<std::string, std::string>> found;
            for (const auto& command : send()) {
                if (command[0] == "PUBLISH") {
                    const auto names = names_in(command[2]);
                    EXPECT_LE(names.size(), 500U);
                    found.insert(names.begin(), names.end());
                }
            }
            EXPECT_EQ(found, (std::set<std::pair<std::string, std::string>>(expected.begin(), expected.end())));
        }
    }
}

// A reader of `key` is refused what was filled before: its ticket names the epoch, the scope's token and every user's.
TEST_F(KeyRemovalTest, TakesATokenOfEveryKeyThatIsStale) {
    for (unsigned seed = 1; seed <= 1'500; ++seed) {
        StaleSource source(seed);
        Invalidations set(source.below(seed % 3 == 0 ? 5'000 : 700));
        std::vector<Stale> added;
        for (std::size_t i = 1 + source.below(40); i > 0; --i) {
            added.push_back(source.stale());
            added.back().add_to(set);
        }
        if (set.is_everything()) {
            removal_.everything();
        }
        Invalidations::visit(set.bytes(), removal_);
        const bool new_epoch = removal_.sets_epoch();
        const auto taken = unlinked(send());
        for (int i = 0; i < 40; ++i) {
            const auto key = source.key();
            const auto users = cache_key::users_of(key);
            const bool refused = new_epoch || taken.contains(cache_key::scope_token(cache_key::scope_of(key))) ||
                                 std::any_of(users.begin(), users.end(),
                                             [&](auto each) { return taken.contains(cache_key::user_token(each)); });
            ASSERT_TRUE(refused || !any_covers(added, key))
                << seed << ' ' << key << "   " << testing::PrintToString(added);
        }
    }
}

TEST_F(KeyRemovalTest, RepeatsWhatItHasSentAfterTheDelay) {
    removal_.key("a");
    removal_.pattern("b:" + user + ":*");
    const auto sent_at = in(0ms);
    send(50ms);
    EXPECT_TRUE(sweeps("b:" + user + ":1"));
    ASSERT_TRUE(removal_.repeat_due().has_value());
    EXPECT_GE(*removal_.repeat_due(), sent_at + 50ms);
    EXPECT_LE(*removal_.repeat_due(), in(63ms)) << "rounded up by a quarter at most";
    EXPECT_TRUE(removal_.empty()) << "nothing to be sent now";
    EXPECT_TRUE(send(50ms).empty());
    EXPECT_FALSE(sweeps("b:" + user + ":1"));
    std::this_thread::sleep_until(*removal_.repeat_due());
    const auto commands = send(50ms);
    EXPECT_EQ(unlinked(commands), (std::set<std::string>{"a", "helix:tag:a"}));
    EXPECT_NE(commands.back()[0], "PUBLISH") << "local caches know it";
    EXPECT_TRUE(sweeps("b:" + user + ":1"));
    EXPECT_FALSE(removal_.repeat_due().has_value()) << "a repetition is not repeated";
    EXPECT_EQ(removal_.sent(), 0U);
}

TEST_F(KeyRemovalTest, RepeatsNothingBeforeItsDelay) {
    constexpr auto delay = 60ms;
    std::map<std::string, Deadline> sent;
    const auto expect_not_early = [&](const std::vector<Texts>& commands, Deadline before) {
        for (const auto& key : unlinked(commands)) {
            if (sent.contains(key)) {
                const auto early = sent[key] + delay - before;
                EXPECT_LE(early, 0ms) << key << " is early by " << early / 1ms << " ms";
                sent.erase(key);
            }
        }
    };
    for (int i = 0; i < 60; ++i) {
        const auto key = "k" + std::to_string(i);
        removal_.key(key);
        const auto now = in(0ms);
        const auto commands = send(delay);
        expect_not_early(commands, in(0ms));
        sent[key] = now;
        std::this_thread::sleep_for(7ms);
    }
    while (removal_.repeat_due()) {
        std::this_thread::sleep_until(*removal_.repeat_due());
        expect_not_early(send(delay), in(0ms));
    }
    EXPECT_TRUE(sent.empty()) << "all of it was repeated";
}

TEST_F(KeyRemovalTest, RepeatsEverythingWhereItIsTooMuch) {
    too_much();
    send(50ms);
    ASSERT_TRUE(removal_.repeat_due().has_value());
    std::this_thread::sleep_until(*removal_.repeat_due());
    EXPECT_TRUE(send(50ms).empty());
    EXPECT_TRUE(sweeps("helix:tag:any")) << "all of it";
    EXPECT_FALSE(removal_.repeat_due().has_value());
}

TEST_F(KeyRemovalTest, DoesNotPutItOffForWhatFollows) {
    too_much();
    send(60s);
    const auto due = removal_.repeat_due();
    ASSERT_TRUE(due.has_value());
    too_much();
    send(60s);
    EXPECT_EQ(removal_.repeat_due(), due);
}

TEST_F(KeyRemovalTest, TakesNoMemoryForWhatItHas) {
    for (int i = 0; i < 500'000; ++i) { // 150 MB of names
        removal_.key(std::string(300, 'k') + std::to_string(i % 100));
    }
    send(50ms);
    std::this_thread::sleep_until(*removal_.repeat_due());
    EXPECT_EQ(unlinked(send(50ms)).size(), 200U) << "the keys and their tags";
    EXPECT_FALSE(sweeps("helix:tag:any"));
}

TEST_F(KeyRemovalTest, ForgetsAllWhenCleared) {
    removal_.key("a");
    send(50ms);
    removal_.key("b");
    removal_.user(other);
    removal_.everything();
    removal_.clear();
    EXPECT_TRUE(removal_.empty());
    EXPECT_FALSE(removal_.sets_epoch());
    EXPECT_FALSE(removal_.repeat_due().has_value());
    EXPECT_TRUE(send().empty());
}

} // namespace
} // namespace helix::redis
