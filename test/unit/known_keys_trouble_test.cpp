// Where the index of keys cannot be, or is lost: patterns go by a pass over Redis then, and nothing is missed.
#include "fake_redis.hpp"
#include "known_keys_fixture.hpp"

namespace helix::redis {
namespace {

using namespace std::chrono_literals;

using KnownKeysTrouble = KnownKeysTest;

TEST_F(KnownKeysTrouble, DoesWithoutWhereRedisRefuses) {
    for (const auto* refused : {"-client|tracking", "-client|id", "-subscribe", "-exists", "resetchannels"}) {
        KnownKeys known;
        known.set_patterns({"mine:*"});
        Sweep sweep(known);
        set("mine:1");
        other({"ACL", "SETUSER", "low", "reset", "on", "nopass", "~*", "&*", "+@all", refused});
        const auto connect = [&] {
            auto connection = server_->connect();
            connection.call({"AUTH", "low", "x"}, soon());
            return connection;
        };
        auto commands = connect();
        known.follow(commands, std::make_unique<Connection>(connect()), soon());
        EXPECT_NE(known.trouble(), "") << refused;
        EXPECT_FALSE(known.wants_pass());
        EXPECT_FALSE(known.wants_to_follow()) << "not at once";
        std::this_thread::sleep_for(110ms);
        EXPECT_TRUE(known.wants_to_follow());
        sweep.add_pattern("mine:*");
        EXPECT_FALSE(sweep.has_lookups());
        ASSERT_TRUE(sweep.due().has_value());
        sweep.append_step(commands);
        const auto replies = commands.exchange(soon());
        EXPECT_TRUE(std::none_of(replies.begin(), replies.end(), [](const auto& reply) { return reply.is_error(); }));
        EXPECT_EQ(sorted(sweep.take(replies.back())), (Texts{"helix:tag:mine:1", "mine:1"})) << refused;
    }
}

TEST_F(KnownKeysTrouble, BearsASubscriberThatIsNoRedis) {
    const WritingRedis fake;
    known_.follow(*commands_, std::make_unique<Connection>(fake.address(), Secret(), soon()), soon());
    EXPECT_NE(known_.trouble(), "");
    EXPECT_FALSE(known_.wants_pass());
}

TEST_F(KnownKeysTrouble, NoticesThatItsConnectionsLeadApart) {
    const RealRedis elsewhere;
    auto first = elsewhere.connect(); // so that the subscriber's id is one of this server, too
    known_.follow(*commands_, std::make_unique<Connection>(elsewhere.connect()), soon());
    EXPECT_NE(known_.trouble(), "");
    EXPECT_FALSE(known_.wants_pass());
}

TEST_F(KnownKeysTrouble, DoesWithoutWhereItHasNoRoom) {
    for (const bool told : {false, true}) {
        KnownKeys known(1000);
        known.set_patterns({"mine:*"});
        Sweep sweep(known);
        auto commands = server_->connect();
        if (told) {
            other({"FLUSHALL"});
        }
        for (int i = 0; !told && i < 20; ++i) {
            set("mine:" + std::to_string(i));
        }
        known.follow(commands, std::make_unique<Connection>(server_->connect()), soon());
        sweep.append_step(commands);
        sweep.take(commands.exchange(soon()).back());
        EXPECT_EQ(known.complete(), told);
        for (int i = 0; told && i < 20; ++i) {
            set("mine:" + std::to_string(i));
        }
        known.catch_up(soon());
        EXPECT_FALSE(known.complete());
        EXPECT_EQ(known.trouble(), "there are too many");
        EXPECT_EQ(known.index().size(), 0U);
        EXPECT_FALSE(known.wants_to_follow());
        EXPECT_GT(known.due(), in(60s)) << "to try again soon is in vain";
        commands.append({"CLIENT", "TRACKINGINFO"});
        const auto replies = commands.exchange(soon());
        EXPECT_EQ(replies.back().items.at(1).items.at(0).text, "off") << "Redis no longer tells";
        sweep.add_pattern("mine:1*");
        EXPECT_TRUE(sweep.due().has_value());
    }
}

TEST_F(KnownKeysTrouble, BearsPrefixesThatOverlap) {
    for (const Texts& patterns : {Texts{"mine:*", "mine:a:*", "mine:*"}, Texts{"mine:*", "*:x", "mine?"}}) {
        KnownKeys known;
        known.set_patterns(patterns);
        Sweep sweep(known);
        auto commands = server_->connect();
        known.follow(commands, std::make_unique<Connection>(server_->connect()), soon());
        EXPECT_EQ(known.trouble(), "");
        sweep.append_step(commands);
        sweep.take(commands.exchange(soon()).back());
        ASSERT_TRUE(known.complete());
        set("mine:a:1");
        set("yours:1");
        set("helix:lease");
        known.catch_up(soon());
        EXPECT_TRUE(known.index().contains("mine:a:1"));
        EXPECT_EQ(known.index().contains("yours:1"), known.prefixes() == Texts{""});
        EXPECT_FALSE(known.index().contains("helix:lease"));
        EXPECT_TRUE(known.covers("mine:"));
        EXPECT_EQ(known.covers("min"), known.prefixes() == Texts{""});
    }
}

TEST_F(KnownKeysTrouble, FollowsOtherPatternsAfterAReload) {
    follow_and_learn();
    known_.set_patterns({"mine:*", "ours:*", "mine:x:*"});
    EXPECT_TRUE(known_.complete()) << "the same keys";
    known_.set_patterns({"mine:*", "yours:*"});
    EXPECT_FALSE(known_.complete());
    EXPECT_TRUE(known_.wants_to_follow());
    follow_and_learn();
    set("yours:1");
    EXPECT_TRUE(knows("yours:1"));
    EXPECT_EQ(known_.trouble(), "");
    known_.set_patterns({});
    EXPECT_FALSE(known_.wants_to_follow());
    EXPECT_FALSE(known_.due().has_value());
}

TEST_F(KnownKeysTrouble, GoesByAPassWhereItsSubscriptionIsCut) {
    follow_and_learn();
    set("mine:1");
    ASSERT_TRUE(knows("mine:1"));
    other({"CLIENT", "KILL", "ID", subscriber()});
    set("mine:2"); // nobody is told
    sweep_.add_pattern("mine:*");
    EXPECT_EQ(look_up(), Texts{});
    EXPECT_NE(known_.trouble(), "");
    EXPECT_EQ(pass(), (Texts{"helix:tag:mine:1", "helix:tag:mine:2", "mine:1", "mine:2"}));
    std::this_thread::sleep_for(110ms);
    ASSERT_TRUE(known_.wants_to_follow());
    set("mine:3");
    follow_and_learn();
    EXPECT_EQ(known_.trouble(), "");
    EXPECT_TRUE(knows("mine:3"));
    set("mine:4");
    EXPECT_TRUE(knows("mine:4"));
}

TEST_F(KnownKeysTrouble, GoesByAPassWhereItHearsNothingInTime) {
    follow_and_learn();
    other({"CLIENT", "PAUSE", "300", "ALL"});
    known_.catch_up(in(50ms));
    EXPECT_FALSE(known_.complete());
    EXPECT_EQ(known_.trouble(), "no answer from Redis in time");
    sweep_.add_pattern("mine:*");
    EXPECT_TRUE(sweep_.due().has_value());
}

} // namespace
} // namespace helix::redis
