// An index of keys with a sweep that uses it, a redis-server of their own, and another client of that.
#pragma once

#include "real_redis.hpp"
#include "redis/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace helix::redis {

using Texts = std::vector<std::string>;

inline Deadline soon() {
    return in(Milliseconds(10'000));
}

inline Texts sorted(Texts texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
}

class KnownKeysTest : public testing::Test {
  protected:
    KnownKeysTest() {
        std::signal(SIGPIPE, SIG_IGN); // as every process of PostgreSQL does
        if (RealRedis::installed()) {
            connect();
        }
        known_.set_patterns({"mine:*", "ours:*"});
        KeyMatcher owned;
        owned.add_pattern("mine:*");
        sweep_.set_owned(std::move(owned));
    }
    void SetUp() override {
        if (!server_) {
            GTEST_SKIP() << "redis-server is not installed";
        }
    }
    void connect() {
        server_.emplace();
        commands_.emplace(server_->connect());
        other_.emplace(server_->connect());
    }
    Reply other(const std::vector<std::string_view>& words) { return other_->call(words, soon()); }
    void set(std::string_view key) { other({"SET", key, "x"}); }

    void follow() { known_.follow(*commands_, std::make_unique<Connection>(server_->connect()), soon()); }
    void unlink(const Texts& keys) {
        for (const auto& key : keys) {
            commands_->append({"UNLINK", key});
        }
        commands_->exchange(soon());
    }
    // One pass over Redis, with what it finds removed.
    Texts pass() {
        Texts all;
        std::optional<Deadline> due = sweep_.due();
        EXPECT_TRUE(due.has_value());
        do {
            sweep_.append_step(*commands_);
            const auto found = sweep_.take(commands_->exchange(soon()).back());
            unlink(found);
            all.insert(all.end(), found.begin(), found.end());
            due = sweep_.due();
        } while (due == Deadline{});
        return sorted(all);
    }
    void follow_and_learn() {
        follow();
        pass();
        ASSERT_TRUE(known_.complete());
    }
    Texts look_up() {
        known_.catch_up(soon());
        return sorted(sweep_.look_up());
    }
    bool knows(std::string_view key) {
        known_.catch_up(soon());
        return known_.index().contains(key);
    }
    // Asks until all keys have been asked for.
    void check_all() {
        for (std::size_t asked = 0; asked <= known_.index().size();) {
            const auto count = known_.append_checks(*commands_);
            const auto answers = commands_->exchange(soon());
            known_.take_checks({answers.data() + answers.size() - count, count});
            asked += std::max<std::size_t>(count, 1);
            std::this_thread::sleep_for(Milliseconds(count == 0 ? 50 : 0));
        }
    }
    // Bytes that Redis has for the connection that listens and cannot send, for its socket is full.
    std::size_t held_back() {
        const auto list = other({"CLIENT", "LIST", "TYPE", "pubsub"}).text;
        return std::stoul(list.substr(list.find(" omem=") + 6));
    }
    // The id of the connection that listens.
    std::string subscriber() {
        const auto list = other({"CLIENT", "LIST", "TYPE", "pubsub"}).text;
        return list.substr(3, list.find(' ') - 3);
    }

    std::optional<RealRedis> server_;
    std::optional<Connection> commands_;
    std::optional<Connection> other_;
    KnownKeys known_;
    Sweep sweep_{known_};
};

} // namespace helix::redis
