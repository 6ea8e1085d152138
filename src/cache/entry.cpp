#include "pg/prelude.hpp"

#include "cache/entry.hpp"

#include "cache/delivery.hpp"
#include "cache/lease.hpp"
#include "cache/shared.hpp"
#include "core/cache_key.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace helix::cache {

namespace {

// Longer than any value may stay: a value whose token is gone is lost.
constexpr const char* token_ttl_s = "172800";

// KEYS: epoch, user token, scope token, key, tag, fill lock. ARGV: the first three's values, value, tag, ttl in s.
constexpr const char* fill_script = R"(
for i = 1, 3 do
  if redis.call('GET', KEYS[i]) ~= ARGV[i] then return 0 end
end
redis.call('SET', KEYS[4], ARGV[4], 'EX', ARGV[6])
redis.call('SET', KEYS[5], ARGV[5], 'EX', ARGV[6])
redis.call('DEL', KEYS[6])
return 1)";

struct Names {
    explicit Names(std::string_view key)
        : user(cache_key::user_token(cache_key::user_of(key))), scope(cache_key::scope_token(cache_key::scope_of(key))),
          tag(cache_key::tag_of(key)), lock("helix:fill:" + std::string(key)) {}

    std::string user;
    std::string scope;
    std::string tag;
    std::string lock;
};

// Tells a value that helix wrote from one that a client has set over it. Not a secret: who may write to Redis can
// write the tag as well.
std::string fingerprint(std::string_view value) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    const auto length = static_cast<int>(value.size());
    return std::to_string(hash_bytes_extended(bytes, length, 0)) + "." +
           std::to_string(hash_bytes_extended(bytes, length, 1));
}

std::string tag_text(const Ticket& ticket, std::string_view value) {
    return ticket.epoch + " " + ticket.user + " " + ticket.scope + " " + fingerprint(value);
}

// Answers from `first` on: epoch, user token, scope token.
std::optional<Ticket> ticket_from(const std::vector<redis::Reply>& answers, std::size_t first) {
    if (!answers[first].is_text() || !answers[first + 1].is_text() || !answers[first + 2].is_text()) {
        return std::nullopt;
    }
    return Ticket{answers[first].text, answers[first + 1].text, answers[first + 2].text};
}

const std::vector<redis::Reply>& items_of(const redis::Reply& reply, std::size_t expected) {
    if (reply.is_error()) {
        throw redis::failure_from(reply);
    }
    if (reply.items.size() != expected) {
        throw redis::Failure("Redis answered MGET with another number of values");
    }
    return reply.items;
}

} // namespace

std::optional<std::string> read_entry(redis::Connection& connection, std::string_view key, redis::Deadline deadline) {
    const Names names(key);
    auto reply = connection.call({"MGET", cache_key::lease, cache_key::epoch, names.user, names.scope, names.tag, key},
                                 deadline);
    const auto& answers = items_of(reply, 6);
    const auto ticket = ticket_from(answers, 1);
    if (!ticket || !answers[5].is_text() || !lease_holds(answers[0].text, GetCurrentTimestamp()) ||
        answers[4].text != tag_text(*ticket, answers[5].text)) {
        count(shared().misses);
        return std::nullopt;
    }
    count(shared().hits);
    return std::move(reply.items[5].text);
}

Turn take_turn(redis::Connection& connection, std::string_view key, redis::Milliseconds fill_ms,
               redis::Deadline deadline) {
    const Names names(key);
    for (const auto& token : {names.user, names.scope}) {
        connection.append({"SET", token, fresh_token(), "NX", "EX", token_ttl_s});
    }
    connection.append({"SET", names.lock, "1", "NX", "PX", std::to_string(std::max<std::int64_t>(1, fill_ms.count()))});
    connection.append({"MGET", cache_key::epoch, names.user, names.scope});
    const auto replies = connection.exchange(deadline);
    return {ticket_from(items_of(replies[3], 3), 0), replies[2].is_text()}; // a SET refused for memory is no token
}

bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, std::string_view value,
                int ttl_s, redis::Deadline deadline) {
    const Names names(key);
    const auto reply = connection.call({"EVAL", fill_script, "6", cache_key::epoch, names.user, names.scope, key,
                                        names.tag, names.lock, ticket.epoch, ticket.user, ticket.scope, value,
                                        tag_text(ticket, value), std::to_string(ttl_s)},
                                       deadline);
    count(reply.integer == 1 ? shared().fills : shared().refused_fills);
    return reply.integer == 1;
}

} // namespace helix::cache
