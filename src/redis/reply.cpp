// Copies Redis's answers into values, and says what its errors mean.
#include "redis/reply.hpp"

#include <algorithm>
#include <array>
#include <hiredis/hiredis.h>
#include <utility>

namespace helix::redis {

namespace {

struct Known {
    const char* code;
    const char* hint;
};

constexpr const char* is_cluster = "It is a Redis Cluster; helix needs a single Redis server (or a primary with "
                                   "replicas).";

constexpr std::array known_errors = {
    Known{"MOVED", is_cluster},
    Known{"ASK", is_cluster},
    Known{"CROSSSLOT", is_cluster},
    Known{"READONLY", "It is a replica; let helix.redis_url name the primary."},
    Known{"NOAUTH", "Let helix.redis_password_ref name the password."},
    Known{"WRONGPASS", "Check the user in helix.redis_url and the password that helix.redis_password_ref names."},
    Known{"NOPERM", "Allow the user of helix.redis_url all keys, all channels and the commands that docs/cache.md "
                    "lists."},
    Known{"LOADING", "It is still reading its data; helix tries again."},
    Known{"OOM", "Raise Redis's maxmemory or set maxmemory-policy to allkeys-lru."},
    Known{"MISCONF", "Redis cannot save to disk and refuses writes."},
};

Failure failure_with(const std::string& told, const std::string& code) {
    const std::string message = "Redis answered \"" + told + "\"";
    for (const auto& known : known_errors) {
        if (code == known.code) {
            return Failure(message, known.hint);
        }
    }
    return Failure(message);
}

std::string first_word(const std::string& text) {
    constexpr std::size_t longest = 40;
    return text.substr(0, std::min(longest, text.find(' ')));
}

} // namespace

Failure::Failure(std::string message_, std::string hint_) : message(std::move(message_)), hint(std::move(hint_)) {}

Reply reply_from(const redisReply& object) {
    Reply reply;
    switch (object.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        reply.type = object.type == REDIS_REPLY_ERROR ? Reply::Type::error : Reply::Type::text;
        reply.text.assign(object.str, object.len);
        break;
    case REDIS_REPLY_INTEGER:
        reply.type = Reply::Type::integer;
        reply.integer = object.integer;
        break;
    case REDIS_REPLY_ARRAY:
        reply.type = Reply::Type::array;
        for (std::size_t i = 0; i < object.elements; ++i) {
            reply.items.push_back(reply_from(*object.element[i]));
        }
        break;
    default:
        break;
    }
    return reply;
}

Failure failure_from(const Reply& error) {
    constexpr std::size_t longest = 200;
    return failure_with(error.text.substr(0, longest), first_word(error.text));
}

Failure brief_failure_from(const Reply& error) {
    return failure_with(first_word(error.text), first_word(error.text));
}

std::optional<ScanStep> scan_step(const Reply& reply) {
    using Type = Reply::Type;
    if (reply.items.size() != 2) {
        return std::nullopt;
    }
    const Reply& cursor = reply.items[0];
    const Reply& keys = reply.items[1];
    if (!cursor.is_text() || cursor.text.empty() || keys.type != Type::array) {
        return std::nullopt;
    }
    return ScanStep{cursor.text, keys.items};
}

std::string info_field(const Reply& info, const std::string& name) {
    const auto line = info.text.find("\n" + name + ":");
    if (line == std::string::npos) {
        return {};
    }
    const auto start = line + name.size() + 2;
    return info.text.substr(start, info.text.find_first_of("\r\n", start) - start);
}

} // namespace helix::redis
