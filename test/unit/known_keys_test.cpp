// The index of the keys that Redis holds: never without one that is there, whoever has set it.
#include "known_keys_fixture.hpp"
#include "random_text.hpp"

namespace helix::redis {
namespace {

using namespace std::chrono_literals;
const std::string user = "8f14e45f-ceea-467f-a9ab-00000000000a";

TEST_F(KnownKeysTest, LearnsWhatIsThere) {
    for (int i = 0; i < 5000; ++i) {
        set("mine:" + std::to_string(i));
        set("yours:" + std::to_string(i));
    }
    set("helix:tag:mine:1");
    EXPECT_TRUE(known_.wants_to_follow());
    EXPECT_FALSE(sweep_.due().has_value());
    follow();
    EXPECT_FALSE(known_.wants_to_follow());
    EXPECT_FALSE(known_.complete());
    EXPECT_EQ(pass(), Texts{});
    EXPECT_TRUE(known_.complete());
    EXPECT_EQ(known_.trouble(), "");
    EXPECT_EQ(known_.index().size(), 5000U);
    EXPECT_TRUE(known_.index().contains("mine:4999"));
    EXPECT_FALSE(sweep_.due().has_value());
}

TEST_F(KnownKeysTest, LearnsInAPassThatBeginsLater) {
    sweep_.add_pattern("other:*");
    sweep_.append_step(*commands_);
    const auto begun = commands_->exchange(soon());
    follow();
    sweep_.take(begun.back());
    EXPECT_FALSE(known_.complete()) << "that one may be past a key";
    pass();
    EXPECT_TRUE(known_.complete());
}

TEST_F(KnownKeysTest, HearsOfAKeyBeforeItIsAskedFor) {
    follow_and_learn();
    for (int i = 0; i < 3000; ++i) {
        const auto key = "mine:" + std::to_string(i);
        set(key);
        ASSERT_TRUE(knows(key)) << i;
    }
}

TEST_F(KnownKeysTest, HearsWithoutWaiting) {
    follow_and_learn();
    known_.listen();
    set("mine:1");
    for (const auto end = soon(); !known_.index().contains("mine:1") && std::chrono::steady_clock::now() < end;) {
        known_.listen();
    }
    EXPECT_TRUE(known_.index().contains("mine:1"));
    EXPECT_TRUE(known_.due().has_value());
}

// A full socket: Redis still holds the last messages when the test looks.
TEST_F(KnownKeysTest, HearsAllThatRedisHoldsBack) {
    follow_and_learn();
    std::size_t count = 0;
    for (; held_back() < 100'000 && count < 50'000; ++count) {
        set("mine:" + std::to_string(count));
    }
    ASSERT_GE(held_back(), 100'000U);
    known_.catch_up(soon());
    EXPECT_EQ(known_.index().size(), count);
    EXPECT_EQ(held_back(), 0U);
    EXPECT_TRUE(known_.complete());
}

TEST_F(KnownKeysTest, HearsWhatCameBeforeItsMark) {
    follow_and_learn();
    for (int i = 0; i < 1000; ++i) {
        const auto key = "mine:" + std::to_string(i);
        set(key);
        known_.mark(soon());
        set("mine:after");
        known_.catch_up(soon());
        ASSERT_TRUE(known_.index().contains(key)) << i;
    }
    EXPECT_TRUE(knows("mine:after"));
}

TEST_F(KnownKeysTest, TakesAMarkWhileItListens) {
    follow_and_learn();
    known_.mark(soon());
    known_.mark(soon());
    std::this_thread::sleep_for(20ms);
    known_.listen();
    set("mine:1");
    EXPECT_TRUE(knows("mine:1"));
    EXPECT_EQ(known_.trouble(), "");
}

TEST_F(KnownKeysTest, HearsOfWhateverMakesAKey) {
    follow_and_learn();
    set("yours");
    const auto dump = other({"DUMP", "yours"}).text;
    other({"RENAME", "yours", "mine:renamed"});
    EXPECT_TRUE(knows("mine:renamed"));
    other({"COPY", "mine:renamed", "mine:copied"});
    EXPECT_TRUE(knows("mine:copied"));
    other({"RESTORE", "mine:restored", "0", dump});
    EXPECT_TRUE(knows("mine:restored"));
    other({"EVAL", "redis.call('HSET', KEYS[1], 'a', 'b')", "1", "ours:hash"});
    EXPECT_TRUE(knows("ours:hash"));
    other({"MULTI"});
    set("ours:multi");
    other({"EXEC"});
    EXPECT_TRUE(knows("ours:multi"));
    EXPECT_EQ(known_.index().size(), 5U);
}

TEST_F(KnownKeysTest, AnswersAPatternAtOnce) {
    for (const auto* key : {"mine:a:1", "mine:a:2", "mine:b:1", "ours:a:1", "yours:a:1"}) {
        set(key);
    }
    follow_and_learn();
    set("mine:a:3");
    sweep_.add_pattern("mine:a:*");
    EXPECT_TRUE(sweep_.has_lookups());
    EXPECT_FALSE(sweep_.due().has_value()) << "no pass is needed";
    const auto found = look_up();
    EXPECT_EQ(found, (Texts{"helix:tag:mine:a:1", "helix:tag:mine:a:2", "helix:tag:mine:a:3", "mine:a:1", "mine:a:2",
                            "mine:a:3"}));
    unlink(found);
    EXPECT_FALSE(sweep_.has_lookups());
    sweep_.add_pattern("mine:*:[1-9]");
    EXPECT_EQ(look_up(), (Texts{"helix:tag:mine:b:1", "mine:b:1"}));
    EXPECT_FALSE(sweep_.due().has_value());
}

TEST_F(KnownKeysTest, LeavesToAPassWhatItDoesNotKnow) {
    for (const auto* key : {"mine:a", "yours:a"}) {
        set(key);
    }
    follow_and_learn();
    sweep_.add_pattern("*:a");
    EXPECT_EQ(look_up(), (Texts{"helix:tag:mine:a", "mine:a"})) << "what it knows it takes at once";
    ASSERT_TRUE(sweep_.due().has_value());
    const auto found = pass();
    EXPECT_TRUE(std::find(found.begin(), found.end(), "yours:a") != found.end());
    sweep_.add_pattern("min*");
    EXPECT_TRUE(sweep_.due().has_value()) << "mint:1, too";
}

TEST_F(KnownKeysTest, TakesAUsersKeysAtOnceAndByAPass) {
    const Texts keys{"mine:" + user, "mine:" + user + ":1", "ours:" + user + ":1"};
    for (const auto& key : keys) {
        set(key);
    }
    set("mine:x:" + user);
    set("mine:" + user + "x");
    follow_and_learn();
    sweep_.add_user(user);
    EXPECT_EQ(look_up(), sorted({keys[0], keys[1], "helix:tag:" + keys[0], "helix:tag:" + keys[1]}));
    EXPECT_TRUE(sweep_.due().has_value());
    const auto found = pass();
    EXPECT_TRUE(std::find(found.begin(), found.end(), "mine:x:" + user) != found.end());
    EXPECT_TRUE(std::find(found.begin(), found.end(), "mine:" + user + "x") == found.end());
    EXPECT_TRUE(std::find(found.begin(), found.end(), keys[2]) == found.end()) << "it is not helix's";
}

TEST_F(KnownKeysTest, GivesUpOnAPatternThatNamesVeryMany) {
    follow_and_learn();
    for (int i = 0; i < 100'010; ++i) {
        other_->append({"SET", "mine:" + std::to_string(i), "x"});
    }
    other_->exchange(in(60s));
    sweep_.add_pattern("mine:*");
    const auto found = look_up();
    EXPECT_LE(found.size(), 200'000U);
    unlink(found);
    EXPECT_TRUE(sweep_.due().has_value());
    pass();
    EXPECT_EQ(other({"DBSIZE"}).integer, 0);
}

TEST_F(KnownKeysTest, IsNotToldOfWhatItRemovesItself) {
    follow_and_learn();
    set("mine:1");
    EXPECT_TRUE(knows("mine:1"));
    sweep_.forget("mine:1");
    unlink({"mine:1"});
    EXPECT_FALSE(knows("mine:1"));
    set("mine:1");
    EXPECT_TRUE(knows("mine:1"));
}

TEST_F(KnownKeysTest, ForgetsKeysThatAreGone) {
    follow_and_learn();
    other({"SET", "mine:short", "x", "PX", "20"});
    set("mine:long");
    set("mine:deleted");
    other({"DEL", "mine:deleted"});
    EXPECT_TRUE(knows("mine:short"));
    EXPECT_TRUE(knows("mine:deleted"));
    std::this_thread::sleep_for(50ms);
    check_all(); // Redis tells of one that it finds expired only now
    known_.catch_up(soon());
    std::this_thread::sleep_for(500ms);
    check_all();
    EXPECT_FALSE(knows("mine:short"));
    EXPECT_FALSE(knows("mine:deleted"));
    EXPECT_TRUE(knows("mine:long"));
}

TEST_F(KnownKeysTest, LearnsAnewAfterAFlush) {
    for (const auto* flush : {"FLUSHALL", "FLUSHDB"}) {
        set("mine:1");
        if (known_.wants_to_follow()) {
            follow_and_learn();
        }
        ASSERT_TRUE(knows("mine:1"));
        other({flush});
        set("mine:2");
        sweep_.add_pattern("mine:*");
        EXPECT_EQ(look_up(), Texts{});
        EXPECT_FALSE(known_.complete());
        EXPECT_EQ(known_.trouble(), "");
        EXPECT_EQ(pass(), (Texts{"helix:tag:mine:2", "mine:2"})) << "the pass answers instead";
        EXPECT_TRUE(known_.complete());
        EXPECT_FALSE(knows("mine:1"));
    }
}

// Whatever happens at the same time: at the end, no key is there that is not known.
TEST_F(KnownKeysTest, NeverMissesAKey) {
    follow_and_learn();
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        auto connection = server_->connect();
        std::mt19937_64 random(42);
        const auto key = [&] { return "mine:" + std::to_string(random_below(random, 40)); };
        while (!stop) {
            for (int i = 0; i < 10; ++i) {
                switch (random_below(random, 8)) {
                case 0:
                    connection.append({"DEL", key()});
                    break;
                case 1:
                    connection.append({"SET", key(), "x", "PX", "1"});
                    break;
                case 2:
                    connection.append({"EVAL", "redis.pcall('RENAME', KEYS[1], KEYS[2])", "2", key(), key()});
                    break;
                default:
                    connection.append({"SET", key(), "x"});
                }
            }
            connection.exchange(soon());
        }
    });
    std::mt19937_64 random(43);
    std::size_t removed = 0;
    for (const auto end = in(4s); std::chrono::steady_clock::now() < end;) {
        known_.listen();
        const auto count = known_.append_checks(*commands_);
        const auto answers = commands_->exchange(soon());
        known_.take_checks({answers.data(), count});
        sweep_.add_pattern("mine:" + std::to_string(random_below(random, 4)) + "*");
        const auto found = look_up();
        removed += found.size();
        unlink(found);
    }
    stop = true;
    writer.join();
    known_.catch_up(soon());
    ASSERT_TRUE(known_.complete());
    EXPECT_GT(removed, 100U);
    const auto keys = other({"KEYS", "mine:*"}).items;
    EXPECT_FALSE(keys.empty());
    for (const auto& key : keys) {
        EXPECT_TRUE(known_.index().contains(key.text)) << key.text;
    }
}

} // namespace
} // namespace helix::redis
