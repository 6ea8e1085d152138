// Owns: an answer of Redis as a value (RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/), read by
// hiredis. Used by connection.cpp and whoever reads answers.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

struct redisReply;

namespace helix::redis {

struct Reply {
    enum class Type { nil, text, integer, array, error };

    Type type = Type::nil;
    std::string text; // of text, status and error
    std::int64_t integer = 0;
    std::vector<Reply> items;

    bool is_text() const { return type == Type::text; }
    bool is_error() const { return type == Type::error; }
};

// Copies hiredis's object.
Reply reply_from(const redisReply& object);

// A call to Redis that did not work: no connection, no answer in time, not RESP, or an error as the answer.
class Failure final : public std::exception {
  public:
    explicit Failure(std::string message_, std::string hint_ = {});
    const char* what() const noexcept override { return message.c_str(); }

    std::string message;
    std::string hint; // how to mend it; may be empty
};

// What an error answer means to us, with a hint where we know one (MOVED, NOAUTH, READONLY ...).
Failure failure_from(const Reply& error);

// The same for an answer that may repeat what was sent, such as a password: only its first word is told.
Failure brief_failure_from(const Reply& error);

// The value of "name:value" in an answer to INFO; empty where it has none.
std::string info_field(const Reply& info, const std::string& name);

} // namespace helix::redis
