// The connection against a real Redis, and against one that drips, stalls, cuts off and lies.
#include "fake_redis.hpp"
#include "random_text.hpp"
#include "real_redis.hpp"

#include <gtest/gtest.h>

namespace helix::redis {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
constexpr auto patient = 20s;
constexpr auto tolerance = 400ms; // beyond a deadline, on a busy machine

// Runs `f`, which must throw a Failure, and returns it.
template <typename F>
Failure failure_of(F f) {
    try {
        f();
    } catch (const Failure& failure) {
        EXPECT_FALSE(failure.message.empty());
        return failure;
    }
    ADD_FAILURE() << "no failure";
    return Failure("");
}

// Runs `f`, which must fail for want of time, not before its deadline and not long after it.
template <typename F>
void expect_deadline_kept(Milliseconds time, F f) {
    const auto deadline = in(time);
    const auto failure = failure_of([&] { f(deadline); });
    EXPECT_EQ(failure.message, "no answer from Redis in time");
    const auto now = std::chrono::steady_clock::now();
    EXPECT_GE(now, deadline);
    EXPECT_LE(now, deadline + tolerance);
}

class WithRealRedis : public testing::Test {
  protected:
    static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }
    void SetUp() override {
        if (!RealRedis::installed()) {
            GTEST_SKIP() << "redis-server is not installed";
        }
    }
};

class WithFakeRedis : public testing::Test {
  protected:
    static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }
    static Connection connect(const FakeRedis& server) { return {server.address(), Secret(), in(patient)}; }
};

TEST_F(WithRealRedis, KeepsEveryByte) {
    const RealRedis server;
    auto connection = server.connect();
    std::mt19937_64 random(1);
    for (const std::size_t size : {0, 1, 16'383, 16'384, 100'000, 5'000'000}) {
        std::string value(size, '\0');
        for (char& c : value) {
            c = static_cast<char>(random());
        }
        EXPECT_EQ(connection.call({"SET", "a\0\r\n"s, value}, in(patient)).text, "OK");
        const auto reply = connection.call({"GET", "a\0\r\n"s}, in(patient));
        EXPECT_TRUE(reply.is_text());
        EXPECT_TRUE(reply.text == value) << size;
    }
    EXPECT_EQ(connection.call({"GET", "a"}, in(patient)).type, Reply::Type::nil);
    EXPECT_EQ(connection.call({"INCR", "n"}, in(patient)).integer, 1);
    const auto nested = connection.call({"EVAL", "return {1, {2, 'x', {}}, false}", "0"}, in(patient));
    ASSERT_EQ(nested.items.size(), 3U);
    EXPECT_EQ(nested.items[1].items.at(1).text, "x");
    EXPECT_EQ(nested.items[2].type, Reply::Type::nil);
    EXPECT_EQ(info_field(connection.call({"INFO", "replication"}, in(patient)), "role"), "master");
}

TEST_F(WithRealRedis, AnswersAPipelineInOrder) {
    const RealRedis server;
    auto connection = server.connect();
    EXPECT_TRUE(connection.exchange(in(patient)).empty()) << "nothing was appended";
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10'000; ++i) {
            connection.append({"ECHO", std::to_string(i) + std::string(static_cast<std::size_t>(i % 500), 'x')});
        }
        EXPECT_EQ(connection.waiting(), 10'000U);
        const auto replies = connection.exchange(in(patient));
        EXPECT_EQ(connection.waiting(), 0U);
        ASSERT_EQ(replies.size(), 10'000U);
        for (int i = 0; i < 10'000; ++i) {
            ASSERT_EQ(replies[static_cast<std::size_t>(i)].text,
                      std::to_string(i) + std::string(static_cast<std::size_t>(i % 500), 'x'));
        }
    }
}

TEST_F(WithRealRedis, ReturnsErrorsAmongTheAnswers) {
    const RealRedis server;
    auto connection = server.connect();
    connection.append({"SET", "a", "x"});
    connection.append({"INCR", "a"});
    connection.append({"NONSENSE"});
    connection.append({"GET", "a"});
    const auto replies = connection.exchange(in(patient));
    ASSERT_EQ(replies.size(), 4U);
    EXPECT_EQ(replies[0].text, "OK");
    EXPECT_TRUE(replies[1].is_error());
    EXPECT_TRUE(replies[2].is_error());
    EXPECT_EQ(replies[3].text, "x");
    EXPECT_NE(failure_of([&] {
                  connection.call({"INCR", "a"}, in(patient));
              }).message.find("not an integer"),
              std::string::npos);
    EXPECT_EQ(connection.call({"GET", "a"}, in(patient)).text, "x") << "it can be used further";
}

TEST_F(WithRealRedis, Authenticates) {
    const RealRedis server({"--requirepass", "hunter2"});
    auto address = server.address();
    Connection good(address, Secret("hunter2"), in(patient));
    EXPECT_EQ(good.call({"PING"}, in(patient)).text, "PONG");
    const auto password = "p\0 \r\n$1\r\n"s + std::string(4'000, 'w');
    EXPECT_EQ(good.call({"ACL", "SETUSER", "app", "on", ">" + password, "~*", "+@all"}, in(patient)).text, "OK");
    address.user = "app";
    Connection app(address, Secret(password), in(patient));
    EXPECT_EQ(app.call({"ACL", "WHOAMI"}, in(patient)).text, "app");
    const auto wrong = failure_of([&] { Connection(address, Secret("hunter3"), in(patient)); });
    EXPECT_NE(wrong.message.find("WRONGPASS"), std::string::npos);
    EXPECT_FALSE(wrong.hint.empty());
    EXPECT_EQ((wrong.message + wrong.hint).find("hunter3"), std::string::npos);
    auto nobody = server.connect();
    const auto refused = failure_of([&] { nobody.call({"GET", "a"}, in(patient)); });
    EXPECT_NE(refused.message.find("NOAUTH"), std::string::npos);
    EXPECT_FALSE(refused.hint.empty());
    address.database = 3;
    EXPECT_NE(failure_of([&] { Connection(address, Secret(), in(patient)); }).message.find("NOAUTH"),
              std::string::npos);
}

TEST_F(WithRealRedis, SelectsTheDatabase) {
    const RealRedis server;
    auto address = server.address();
    address.database = 15;
    Connection last(address, Secret(), in(patient));
    last.call({"SET", "a", "15"}, in(patient));
    auto first = server.connect();
    EXPECT_EQ(first.call({"GET", "a"}, in(patient)).type, Reply::Type::nil);
    first.call({"SELECT", "15"}, in(patient));
    EXPECT_EQ(first.call({"GET", "a"}, in(patient)).text, "15");
    address.database = 16;
    EXPECT_NE(failure_of([&] { Connection(address, Secret(), in(patient)); }).message.find("out of range"),
              std::string::npos);
}

TEST_F(WithRealRedis, KeepsTheDeadlineWhileRedisIsBusy) {
    const RealRedis server({"--enable-debug-command", "yes"});
    auto connection = server.connect();
    expect_deadline_kept(150ms, [&](auto deadline) { connection.call({"BLPOP", "none", "5"}, deadline); });
    auto sleeper = server.connect();
    expect_deadline_kept(150ms, [&](auto deadline) { sleeper.call({"DEBUG", "SLEEP", "2"}, deadline); });
    auto address = server.address();
    address.database = 1; // connecting alone needs no answer
    expect_deadline_kept(150ms, [&](auto deadline) { Connection(address, Secret(), deadline); });
}

TEST_F(WithRealRedis, FailsWhenTheServerIsGone) {
    RealRedis server;
    auto idle = server.connect();
    auto busy = server.connect();
    server.stop();
    failure_of([&] { idle.call({"PING"}, in(patient)); });
    for (int i = 0; i < 10'000; ++i) {
        busy.append({"SET", std::to_string(i), std::string(1'000, 'x')});
    }
    failure_of([&] { busy.exchange(in(patient)); });
    failure_of([&] { server.connect(); });
}

TEST(Resolved, TurnsNamesIntoNumbers) {
    Address address;
    address.host = "localhost";
    address.port = 7;
    const auto found = resolved(address);
    ASSERT_FALSE(found.empty());
    for (const auto& each : found) {
        EXPECT_TRUE(each.host == "127.0.0.1" || each.host == "::1") << each.host;
        EXPECT_EQ(each.port, 7);
    }
    for (const char* host : {"10.1.2.3", "fe80::1"}) {
        address.host = host;
        EXPECT_EQ(resolved(address), std::vector{address});
    }
    address.host = "not a host";
    EXPECT_NE(failure_of([&] { resolved(address); }).message.find("not a host"), std::string::npos);
    address.socket = "/s";
    EXPECT_EQ(resolved(address), std::vector{address});
}

TEST_F(WithFakeRedis, FailsWhereNobodyListens) {
    Address address;
    address.socket = "/tmp/helix_unit_nobody.sock";
    failure_of([&] { Connection(address, Secret(), in(patient)); });
    address.socket.clear();
    address.host = "127.0.0.1";
    address.port = 1;
    EXPECT_NE(failure_of([&] { Connection(address, Secret(), in(patient)); }).message.find("refused"),
              std::string::npos);
    address.socket = "/" + std::string(200, 'x'); // longer than a socket's name may be
    failure_of([&] { Connection(address, Secret(), in(patient)); });
}

TEST_F(WithFakeRedis, SendsAuthBeforeAnythingElse) {
    std::string heard;
    const auto serve = [&](int socket) {
        char bytes[1'000];
        heard.clear();
        while (heard.size() < 27) {
            const auto length = recv(socket, bytes, sizeof(bytes), 0);
            if (length <= 0) {
                return;
            }
            heard.append(bytes, static_cast<std::size_t>(length));
        }
        std::this_thread::sleep_for(50ms); // what came too early would be heard
        const auto more = recv(socket, bytes, sizeof(bytes), MSG_DONTWAIT);
        heard.append(bytes, more > 0 ? static_cast<std::size_t>(more) : 0);
        send_all(socket, "+OK\r\n+OK\r\n");
        wait_for_end(socket);
    };
    const FakeRedis server(serve);
    auto address = server.address();
    address.database = 2;
    Connection(address, Secret("hunter2"), in(patient));
    EXPECT_EQ(heard, "*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n");
    address.user = "app";
    Connection(address, Secret("h\r\n"), in(patient));
    EXPECT_EQ(heard, "*3\r\n$4\r\nAUTH\r\n$3\r\napp\r\n$3\r\nh\r\n\r\n");
}

TEST_F(WithFakeRedis, SendsTheWholeSecretInPieces) {
    std::string secret; // far more than may wait in a socket
    for (int i = 0; i < 300'000; ++i) {
        secret += "hunter" + std::to_string(i);
    }
    std::vector<std::string> heard;
    const FakeRedis server([&](int socket) {
        const int small = 1;
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
        std::this_thread::sleep_for(50ms);
        heard = CommandReader(socket).next().value_or(std::vector<std::string>{"none"});
        send_all(socket, "-ERR no such command: AUTH " + heard.back() + "\r\n"); // as some servers do
        wait_for_end(socket);
    });
    const auto failure = failure_of([&] { Connection(server.address(), Secret(secret), in(patient)); });
    EXPECT_EQ(failure.message.find("hunter"), std::string::npos) << "it tells the secret";
    EXPECT_EQ(heard, (std::vector<std::string>{"AUTH", secret}));
}

TEST_F(WithFakeRedis, PutsTogetherWhatDrips) {
    const FakeRedis server([](int socket) {
        for (const char c : "*2\r\n$5\r\nab\r\nc\r\n:7\r\n+OK\r\n-ERR x\r\n$-1\r\n"s) {
            send_all(socket, {&c, 1});
            std::this_thread::sleep_for(1ms);
        }
        wait_for_end(socket);
    });
    auto connection = connect(server);
    for (int i = 0; i < 4; ++i) {
        connection.append({"X"});
    }
    const auto replies = connection.exchange(in(patient));
    ASSERT_EQ(replies.size(), 4U);
    EXPECT_EQ(replies[0].items.at(0).text, "ab\r\nc");
    EXPECT_EQ(replies[0].items.at(1).integer, 7);
    EXPECT_EQ(replies[1].text, "OK");
    EXPECT_TRUE(replies[2].is_error());
    EXPECT_EQ(replies[3].type, Reply::Type::nil);
}

TEST_F(WithFakeRedis, FailsWhereverItIsCutOff) {
    const auto answers = "+OK\r\n:12\r\n$3\r\nabc\r\n*3\r\n$-1\r\n*1\r\n+x\r\n-E y\r\n*0\r\n"s;
    std::atomic<std::size_t> length = 0;
    const FakeRedis server([&](int socket) {
        send_all(socket, std::string_view(answers).substr(0, length));
        shutdown(socket, SHUT_WR);
        wait_for_end(socket);
    });
    const auto ask = [&] {
        auto connection = connect(server);
        for (int i = 0; i < 5; ++i) {
            connection.append({"X"});
        }
        return connection.exchange(in(patient)).size();
    };
    for (; length < answers.size(); ++length) {
        const auto failure = failure_of(ask);
        EXPECT_NE(failure.message.find("could not read"), std::string::npos) << length << ' ' << failure.message;
    }
    EXPECT_EQ(ask(), 5U);
}

TEST_F(WithFakeRedis, FailsWhereItIsClosedAtOnce) {
    const FakeRedis server([](int) {});
    for (int i = 0; i < 100; ++i) {
        failure_of([&] {
            auto connection = connect(server);
            for (int j = 0; j < 1'000; ++j) {
                connection.append({"SET", "a", std::string(100, 'x')});
            }
            connection.exchange(in(patient));
        });
        failure_of([&] { Connection(server.address(), Secret("x"), in(patient)); });
    }
}

TEST_F(WithFakeRedis, KeepsTheDeadlineWhereNoAnswerComes) {
    const FakeRedis server(wait_for_end);
    expect_deadline_kept(100ms, [&](auto deadline) { connect(server).call({"PING"}, deadline); });
    expect_deadline_kept(100ms, [&](auto deadline) { Connection(server.address(), Secret("x"), deadline); });
    expect_deadline_kept(0ms, [&](auto deadline) { Connection(server.address(), Secret(), deadline); });
    expect_deadline_kept(0ms, [&](auto deadline) { connect(server).call({"PING"}, deadline); });
}

TEST_F(WithFakeRedis, KeepsTheDeadlineWhileAnAnswerDrips) {
    const FakeRedis server([](int socket) {
        for (bool goes_on = send_all(socket, "$100000\r\n"); goes_on; goes_on = send_all(socket, "x")) {
            std::this_thread::sleep_for(5ms);
        }
    });
    expect_deadline_kept(200ms, [&](auto deadline) { connect(server).call({"PING"}, deadline); });
    expect_deadline_kept(200ms, [&](auto deadline) { Connection(server.address(), Secret("x"), deadline); });
}

TEST_F(WithFakeRedis, KeepsTheDeadlineWhereNothingIsRead) {
    std::mutex ended;
    ended.lock();
    {
        const FakeRedis server([&](int) { const std::lock_guard wait(ended); });
        auto connection = connect(server);
        connection.append({"SET", "a", std::string(10'000'000, 'x')});
        expect_deadline_kept(200ms, [&](auto deadline) { connection.exchange(deadline); });
        ended.unlock();
    }
}

TEST_F(WithFakeRedis, BearsGarbage) {
    std::mt19937_64 random(1);
    std::vector<std::string> garbage;
    for (int i = 0; i < 2'000; ++i) {
        garbage.push_back(random_text(random, i % 4 == 0 ? "\x02\xff{x" : "+-:$*\r\n\r\n0123-", 30));
    }
    std::size_t served = 0;
    const FakeRedis server([&](int socket) {
        send_all(socket, garbage[served++]);
        shutdown(socket, SHUT_WR);
        wait_for_end(socket);
    });
    int failed = 0;
    for (std::size_t i = 0; i < garbage.size(); ++i) {
        try {
            auto connection = connect(server);
            connection.append({"X"});
            connection.append({"X"});
            connection.exchange(in(patient));
        } catch (const Failure&) {
            ++failed;
        }
    }
    EXPECT_GT(failed, 1'500);
}

TEST_F(WithFakeRedis, RefusesWhatIsNotResp) {
    const std::vector<const char*> answers = {"HTTP/1.1 400 Bad Request\r\n",
                                              "\r\n",
                                              "%x\r\n",
                                              "$x\r\n",
                                              "$-2\r\n",
                                              "*-2\r\n",
                                              "*x\r\n",
                                              "*99999999999999999999\r\n",
                                              ":x\r\n",
                                              ":99999999999999999999\r\n"};
    std::size_t served = 0;
    const FakeRedis server([&](int socket) {
        send_all(socket, answers[served++]);
        wait_for_end(socket);
    });
    for (const char* text : answers) {
        const auto failure = failure_of([&] { connect(server).call({"PING"}, in(patient)); });
        EXPECT_NE(failure.message.find("could not read what Redis answered"), std::string::npos) << text;
    }
}

} // namespace
} // namespace helix::redis
