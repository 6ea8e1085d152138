// Redis's answers as values, its errors with hints, and fields of INFO.
#include "redis/reply.hpp"

#include <gtest/gtest.h>

#include <hiredis/hiredis.h>

#include <memory>

namespace helix::redis {
namespace {

Reply read(std::string_view bytes) {
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
    redisReaderFeed(reader.get(), bytes.data(), bytes.size());
    void* object = nullptr;
    EXPECT_EQ(redisReaderGetReply(reader.get(), &object), REDIS_OK) << bytes;
    if (object == nullptr) {
        ADD_FAILURE() << "no answer: " << bytes;
        return {};
    }
    const std::unique_ptr<void, decltype(&freeReplyObject)> owner(object, freeReplyObject);
    return reply_from(*static_cast<const redisReply*>(object));
}

TEST(Reply, HoldsEveryTypeOfAnswer) {
    EXPECT_EQ(read("+OK\r\n").type, Reply::Type::text);
    EXPECT_EQ(read("+OK\r\n").text, "OK");
    EXPECT_TRUE(read("$0\r\n\r\n").is_text());
    EXPECT_EQ(read("$0\r\n\r\n").text, "");
    using namespace std::string_literals;
    EXPECT_EQ(read("$5\r\na\0\r\nb\r\n"s).text, "a\0\r\nb"s);
    EXPECT_EQ(read(":-9223372036854775808\r\n").type, Reply::Type::integer);
    EXPECT_EQ(read(":-9223372036854775808\r\n").integer, INT64_MIN);
    EXPECT_EQ(read("$-1\r\n").type, Reply::Type::nil);
    EXPECT_EQ(read("*-1\r\n").type, Reply::Type::nil);
    EXPECT_EQ(read("*0\r\n").type, Reply::Type::array);
    EXPECT_TRUE(read("*0\r\n").items.empty());
    const auto error = read("-ERR no\r\n");
    EXPECT_TRUE(error.is_error());
    EXPECT_FALSE(error.is_text());
    EXPECT_EQ(error.text, "ERR no");
}

TEST(Reply, HoldsArraysInArrays) {
    const auto reply = read("*4\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n$-1\r\n-ERR in\r\n");
    ASSERT_EQ(reply.items.size(), 4U);
    EXPECT_EQ(reply.items[0].integer, 1);
    ASSERT_EQ(reply.items[1].items.size(), 2U);
    EXPECT_EQ(reply.items[1].items[0].text, "x");
    EXPECT_EQ(reply.items[1].items[1].type, Reply::Type::array);
    EXPECT_EQ(reply.items[2].type, Reply::Type::nil);
    EXPECT_TRUE(reply.items[3].is_error());
    EXPECT_FALSE(reply.is_error());
}

Failure failure_of(const std::string& text) {
    return failure_from(Reply{.type = Reply::Type::error, .text = text, .integer = 0, .items = {}});
}

TEST(Failure, SaysWhatRedisSaid) {
    EXPECT_EQ(failure_of("ERR unknown command").message, "Redis answered \"ERR unknown command\"");
    EXPECT_STREQ(failure_of("ERR x").what(), "Redis answered \"ERR x\"");
    EXPECT_EQ(failure_of("").message, "Redis answered \"\"");
    EXPECT_EQ(failure_of("").hint, "");
    EXPECT_LT(failure_of(std::string(100'000, 'x')).message.size(), 300U);
}

TEST(Failure, MayTellTheFirstWordAlone) {
    const auto brief = [](const std::string& text) {
        return brief_failure_from(Reply{.type = Reply::Type::error, .text = text, .integer = 0, .items = {}});
    };
    EXPECT_EQ(brief("WRONGPASS hunter2").message, "Redis answered \"WRONGPASS\"");
    EXPECT_EQ(brief("WRONGPASS hunter2").hint, failure_of("WRONGPASS x").hint);
    EXPECT_EQ(brief("").message, "Redis answered \"\"");
    EXPECT_LT(brief(std::string(100'000, 'x')).message.size(), 300U);
}

TEST(Failure, HintsAtWhatIsKnown) {
    for (const char* text :
         {"MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381",
          "CROSSSLOT Keys in request don't hash to the same slot",
          "READONLY You can't write against a read only replica.", "NOAUTH Authentication required.",
          "WRONGPASS invalid username-password pair or user is disabled.", "NOPERM this user has no permissions",
          "LOADING Redis is loading the dataset in memory", "OOM command not allowed when used memory > 'maxmemory'.",
          "MISCONF Redis is configured to save RDB snapshots", "MOVED"}) {
        EXPECT_FALSE(failure_of(text).hint.empty()) << text;
    }
    for (const char* text : {"ERR x", "MOVEDX 1", "moved 1", " MOVED 1", "", "ERR MOVED"}) {
        EXPECT_TRUE(failure_of(text).hint.empty()) << text;
    }
}

TEST(InfoField, FindsALine) {
    const Reply info{
        .type = Reply::Type::text,
        .text = "# Replication\r\nrole:master\r\nmaster_replid2:000\r\nmaster_replid:abc:d\r\nempty:\r\nlast:x",
        .integer = 0,
        .items = {}};
    EXPECT_EQ(info_field(info, "role"), "master");
    EXPECT_EQ(info_field(info, "master_replid"), "abc:d");
    EXPECT_EQ(info_field(info, "empty"), "");
    EXPECT_EQ(info_field(info, "last"), "x");
    EXPECT_EQ(info_field(info, "ole"), "");
    EXPECT_EQ(info_field(info, "none"), "");
    EXPECT_EQ(info_field({}, "role"), "");
}

} // namespace
} // namespace helix::redis
