// Where Redis is: every form is read, written back as it was understood, and refused without telling a password.
#include "core/error.hpp"
#include "random_text.hpp"
#include "redis/connection.hpp"
#include "redis/redis_url.hpp"

#include <gtest/gtest.h>

namespace helix::redis {
namespace {

Address tcp(const char* host, int port = 6379, int database = 0, const char* user = "") {
    return {
        .socket = {}, .host = host, .port = port, .database = database, .user = user, .tls = false, .server_name = {}};
}

Address at_socket(const char* socket, int database = 0) {
    return {
        .socket = socket, .host = {}, .port = 6379, .database = database, .user = {}, .tls = false, .server_name = {}};
}

TEST(RedisUrl, ReadsHostsAndPorts) {
    EXPECT_EQ(parse_url("redis://localhost"), tcp("localhost"));
    EXPECT_EQ(parse_url("redis://localhost/"), tcp("localhost"));
    EXPECT_EQ(parse_url("redis://localhost:1"), tcp("localhost", 1));
    EXPECT_EQ(parse_url("redis://10.0.0.1:65535/15"), tcp("10.0.0.1", 65535, 15));
    EXPECT_EQ(parse_url("redis://h/0"), tcp("h"));
    EXPECT_EQ(parse_url("redis://h/65535"), tcp("h", 6379, 65535));
    EXPECT_EQ(parse_url("redis://[::1]"), tcp("::1"));
    EXPECT_EQ(parse_url("redis://[::1]:7000/2"), tcp("::1", 7000, 2));
    EXPECT_EQ(parse_url("redis://[fe80::1%eth0]/2"), tcp("fe80::1%eth0", 6379, 2));
    EXPECT_EQ(parse_url("redis://app@h:7000/2"), tcp("h", 7000, 2, "app"));
    EXPECT_EQ(parse_url("redis://a@b@h"), tcp("h", 6379, 0, "a@b")) << "the last @ ends the user";
    EXPECT_EQ(parse_url("redis://@h"), tcp("h"));
    EXPECT_EQ(parse_url("redis://app@[::1]:7"), tcp("::1", 7, 0, "app"));
}

TEST(RedisUrl, ReadsSockets) {
    EXPECT_EQ(parse_url("unix:///run/redis.sock"), at_socket("/run/redis.sock"));
    EXPECT_EQ(parse_url("unix:///run/redis.sock?db=3"), at_socket("/run/redis.sock", 3));
    EXPECT_EQ(parse_url("unix:///s?db=0"), at_socket("/s"));
    EXPECT_EQ(parse_url("unix:///a@b:c"), at_socket("/a@b:c"));
}

void expect_refused(std::string_view url) {
    try {
        parse_url(url);
        ADD_FAILURE() << "accepted: " << url;
    } catch (const Error& error) {
        EXPECT_STREQ(error.sqlstate, "22023") << url;
        EXPECT_FALSE(error.message.empty()) << url;
        EXPECT_FALSE(error.detail.empty()) << url;
        EXPECT_FALSE(error.hint.empty()) << url;
    }
}

TEST(RedisUrl, RefusesEverythingElse) {
    using namespace std::string_view_literals;
    for (const auto url : {""sv,
                           "localhost"sv,
                           "localhost:6379"sv,
                           "rediss://"sv,
                           "rediss://h?server_name="sv,
                           "rediss://h?server_name=a&x=1"sv,
                           "rediss://h?db=1"sv,
                           "redis://h?server_name=h"sv,
                           "Redis://h"sv,
                           "redis:/h"sv,
                           "redis:h"sv,
                           "unix:/s"sv,
                           " redis://h"sv,
                           "redis://"sv,
                           "redis:///0"sv,
                           "redis://:6379"sv,
                           "redis://@"sv,
                           "redis://app@:6379"sv,
                           "redis://h:"sv,
                           "redis://h:0"sv,
                           "redis://h:65536"sv,
                           "redis://h:-1"sv,
                           "redis://h:+1"sv,
                           "redis://h: 1"sv,
                           "redis://h:1 "sv,
                           "redis://h:1x"sv,
                           "redis://h:99999999999999999999"sv,
                           "redis://h:0x10"sv,
                           "redis://::1"sv,
                           "redis://[::1"sv,
                           "redis://[::1]6379"sv,
                           "redis://[::1]:"sv,
                           "redis://[]"sv,
                           "redis://[]:1"sv,
                           "redis://h/x"sv,
                           "redis://h/-1"sv,
                           "redis://h/65536"sv,
                           "redis://h/1/2"sv,
                           "redis://h/1?db=2"sv,
                           "redis://h:1\0"sv,
                           "redis://h/1\0"sv,
                           "unix://"sv,
                           "unix:///"sv,
                           "unix://run/redis.sock"sv,
                           "unix:///s?"sv,
                           "unix:///s?db"sv,
                           "unix:///s?db="sv,
                           "unix:///s?db=x"sv,
                           "unix:///s?db=-1"sv,
                           "unix:///s?db=65536"sv,
                           "unix:///s?x=1"sv,
                           "unix:///s?db=1&db=2"sv,
                           "unix://?db=1"sv,
                           "unix://app@/s"sv}) {
        expect_refused(url);
    }
}

TEST(RedisUrl, NeverRepeatsAPassword) {
    for (const char* url :
         {"redis://:hunter2@h", "redis://app:hunter2@h:6379/0", "redis://app:hunter2@h:bad",
          "redis://app:hun@hunter2@h", "redis://app:x/hunter2@h", "redis://app:hunter2:x@h", "rediss://app:hunter2@h",
          "redis:app:hunter2@h", "unix://:hunter2@/run/redis.sock", "unix://app:hunter2@/run/redis.sock?db=1",
          "unix:///run/redis.sock?password=hunter2", "unix:///run/redis.sock?password=hunter2&db=1",
          "unix:///run/redis.sock?db=1&password=hunter2", "redis://h/1?password=hunter2",
          "redis://h:6379?password=hunter2", "redis://app:hunter2"}) {
        try {
            parse_url(url);
            ADD_FAILURE() << "accepted: " << url;
        } catch (const Error& error) {
            EXPECT_STREQ(error.sqlstate, "22023");
            EXPECT_FALSE(error.hint.empty()) << url;
            EXPECT_EQ((error.message + error.detail + error.hint).find("hunter2"), std::string::npos) << url;
        }
    }
    try {
        parse_url("redis://app:hunter2@h");
    } catch (const Error& error) {
        EXPECT_NE(error.hint.find("helix.redis_password_ref"), std::string::npos);
    }
}

TEST(RedisUrl, ReadsTls) {
    auto expected = tcp("h", 6380, 2, "app");
    expected.tls = true;
    EXPECT_EQ(parse_url("rediss://app@h:6380/2"), expected);
    expected.server_name = "redis.example";
    EXPECT_EQ(parse_url("rediss://app@h:6380/2?server_name=redis.example"), expected);
    EXPECT_EQ(expected.text(), "rediss://app@h:6380/2?server_name=redis.example");
    const auto found = resolved(parse_url("rediss://localhost"));
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().server_name, "localhost") << "the certificate is for the name";
    EXPECT_EQ(resolved(parse_url("rediss://127.0.0.1")).front().server_name, "");
}

TEST(RedisUrl, TakesAPasswordWhereItMayHaveOne) {
    const auto parsed = [](std::string_view url) {
        auto [address, password] = parse_url_with_password(url);
        return std::pair(address.text(), std::string(password.view()));
    };
    using Parsed = std::pair<std::string, std::string>;
    EXPECT_EQ(parsed("redis://:pw@h"), Parsed("redis://h:6379/0", "pw"));
    EXPECT_EQ(parsed("redis://app:p@w:/x@h:1/2"), Parsed("redis://app@h:1/2", "p@w:/x"));
    EXPECT_EQ(parsed("rediss://a%40b:%2f%3A%25@h"), Parsed("rediss://a@b@h:6379/0", "/:%"));
    EXPECT_EQ(parsed("redis://h"), Parsed("redis://h:6379/0", ""));
    EXPECT_EQ(parsed("redis://app:@h"), Parsed("redis://app@h:6379/0", ""));
    EXPECT_EQ(parsed("unix:///s?db=1"), Parsed("unix:///s?db=1", ""));
    for (const char* url : {"redis://app:hunter2%@h", "redis://app:hunter2%4@h", "redis://app:hunter2%4x@h",
                            "redis://a%3ab:hunter2@h", "redis://a%0ab:hunter2@h", "redis://app:hunter2@",
                            "http://x:hunter2@h", "redis://app:hunter2@h:bad", "unix://x:hunter2@/s"}) {
        try {
            parse_url_with_password(url);
            ADD_FAILURE() << "accepted: " << url;
        } catch (const Error& error) {
            EXPECT_EQ((error.message + error.detail + error.hint).find("hunter2"), std::string::npos) << url;
        }
    }
}

TEST(RedisUrl, WritesTheWholeAddress) {
    EXPECT_EQ(tcp("h").text(), "redis://h:6379/0");
    EXPECT_EQ(tcp("::1", 7, 2, "app").text(), "redis://app@[::1]:7/2");
    EXPECT_EQ(at_socket("/s").text(), "unix:///s");
    EXPECT_EQ(at_socket("/s", 2).text(), "unix:///s?db=2");
}

TEST(RedisUrl, IsReadAsItWasWritten) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        Address address;
        address.database = static_cast<int>(random_below(random, 65536));
        if (i % 2 == 0) {
            address.socket = "/" + random_text(random, "ab/:@[]. ", 8) + "s";
        } else {
            address.host = "h" + random_text(random, "ab.-:%", 8);
            address.user = random_text(random, "ab@/-.", 4);
            address.port = 1 + static_cast<int>(random_below(random, 65535));
            address.tls = i % 4 == 1;
            address.server_name = address.tls ? random_text(random, "ab.-:", 4) : "";
        }
        ASSERT_EQ(parse_url(address.text()), address) << address.text();
    }
}

TEST(RedisUrl, WhateverIsAcceptedIsReadAgain) {
    std::mt19937_64 random(2);
    int accepted = 0;
    for (int i = 0; i < 300'000; ++i) {
        const auto url = (i % 3 == 0 ? "unix:///" : "redis://") + random_text(random, "ab:/@?[]db=12", 9);
        Address address;
        try {
            address = parse_url(url);
        } catch (const Error&) {
            continue;
        }
        ++accepted;
        try {
            ASSERT_EQ(parse_url(address.text()), address) << url;
        } catch (const Error& error) {
            FAIL() << url << " became " << address.text() << ": " << error.detail;
        }
    }
    EXPECT_GT(accepted, 10'000);
}

} // namespace
} // namespace helix::redis
