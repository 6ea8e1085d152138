// Owns: an answer of Redis as a value (RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/). hiredis
// reads it. Used by connection.cpp and by all that read answers.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
    // Whether Redis has refused to write for want of memory. An error of a script has the code within its text.
    bool is_out_of_memory() const { return is_error() && text.find("OOM") != std::string::npos; }
};

// A copy of hiredis's object.
Reply reply_from(const redisReply& object);

// A call to Redis that did not work: no connection, no answer in time, not RESP, or an error as the answer.
class Failure final : public std::exception {
  public:
    explicit Failure(std::string message_, std::string hint_ = {});
    const char* what() const noexcept override { return message.c_str(); }

    std::string message;
    std::string hint;     // how to mend it; may be empty
    bool is_late = false; // no answer has come in time; it may still come
};

// What an error answer means, with a hint for the codes that are known here (MOVED, NOAUTH, READONLY ...).
Failure failure_from(const Reply& error);

// The same with the first word alone, for an answer that may repeat what was sent, such as a password.
Failure brief_failure_from(const Reply& error);

// An answer to SCAN. It lives as long as the reply.
struct ScanStep {
    std::string_view cursor; // "0": the pass has ended
    std::span<const Reply> keys;
};

// Nothing where the reply is not one to SCAN.
std::optional<ScanStep> scan_step(const Reply& reply);

// The value of "name:value" in an answer to INFO; empty where it has none.
std::string info_field(const Reply& info, const std::string& name);

} // namespace helix::redis
