#include "pg/prelude.hpp"

#include "cache/entry.hpp"

#include "cache/cache_lease.hpp"
#include "cache/shared.hpp"
#include "core/cache/cache_key.hpp"
#include "redis/key_removal.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace helix::cache {

namespace {

// Longer than any value may stay: a value whose token is gone is lost.
constexpr const char* token_ttl_s = "172800";

// KEYS: key, tag, fill lock, then what the ticket names. ARGV: value, tag, ttl in s, then the ticket.
constexpr const char* fill_script = R"(
for i = 4, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
redis.call('DEL', KEYS[3])
return 1)";

// A user's token stands for every key with his id, a scope's for what patterns with its prefix name.
std::vector<std::string> tokens_of(std::string_view key) {
    std::vector<std::string> tokens{cache_key::scope_token(cache_key::scope_of(key))};
    for (const auto user : cache_key::users_of(key)) {
        tokens.push_back(cache_key::user_token(user));
    }
    return tokens;
}

std::string fill_lock(std::string_view key) {
    return "helix:fill:" + std::string(key);
}

// Tells a value that helix wrote from one that a client has set over it. Not a secret: who may write to Redis can
// write the tag as well.
std::string fingerprint(std::string_view value) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    const auto length = static_cast<int>(value.size());
    return std::to_string(hash_bytes_extended(bytes, length, 0)) + "." +
           std::to_string(hash_bytes_extended(bytes, length, 1));
}

// With the database: what another one of this server has stored under the same key is nobody else's.
std::string tag_text(const Ticket& ticket, Origin origin, std::string_view value) {
    std::string text = std::to_string(MyDatabaseId) + " " + static_cast<char>(origin);
    for (const auto& token : ticket) {
        text += " " + token;
    }
    return text + " " + fingerprint(value);
}

std::optional<Ticket> ticket_from(const redis::Reply* first, const redis::Reply* end) {
    Ticket ticket;
    for (const auto* answer = first; answer != end; ++answer) {
        if (!answer->is_text()) {
            return std::nullopt;
        }
        ticket.push_back(answer->text);
    }
    return ticket;
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

std::optional<std::string> read_entry(redis::Connection& connection, std::string_view key, bool given_too,
                                      redis::Deadline deadline) {
    const auto tag = cache_key::tag_of(key);
    const auto tokens = tokens_of(key);
    std::vector<std::string_view> words{"MGET", key, tag, cache_key::lease, cache_key::epoch};
    words.insert(words.end(), tokens.begin(), tokens.end());
    auto reply = connection.call(words, deadline);
    const auto& answers = items_of(reply, words.size() - 1);
    const auto ticket = ticket_from(answers.data() + 3, answers.data() + answers.size());
    const bool is_ours = ticket && answers[0].is_text() &&
                         (answers[1].text == tag_text(*ticket, Origin::computed, answers[0].text) ||
                          (given_too && answers[1].text == tag_text(*ticket, Origin::given, answers[0].text)));
    if (!is_ours || !lease_holds(answers[2].text, GetCurrentTimestamp())) {
        count(shared().misses);
        return std::nullopt;
    }
    count(shared().hits);
    return std::move(reply.items[0].text);
}

Turn take_turn(redis::Connection& connection, std::string_view key, redis::Milliseconds fill_ms,
               redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    std::vector<std::string_view> words{"MGET", cache_key::epoch};
    for (const auto& token : tokens) {
        connection.append(
            {"SET", token, redis::fresh_token(), "NX", "EX", token_ttl_s}); // refused for memory: no token
        words.emplace_back(token);
    }
    connection.append(
        {"SET", fill_lock(key), "1", "NX", "PX", std::to_string(std::max<std::int64_t>(1, fill_ms.count()))});
    connection.append(words);
    const auto replies = connection.exchange(deadline);
    const auto& answers = items_of(replies.back(), words.size() - 1);
    return {ticket_from(answers.data(), answers.data() + answers.size()), replies[replies.size() - 2].is_text()};
}

bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, Origin origin,
                std::string_view value, int ttl_s, redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    const auto tag = cache_key::tag_of(key);
    const auto lock = fill_lock(key);
    const auto tagged = tag_text(ticket, origin, value);
    const auto ttl = std::to_string(ttl_s);
    const auto key_count = std::to_string(4 + tokens.size());
    std::vector<std::string_view> words{"EVAL", fill_script, key_count, key, tag, lock, cache_key::epoch};
    words.insert(words.end(), tokens.begin(), tokens.end());
    words.insert(words.end(), {value, tagged, ttl});
    words.insert(words.end(), ticket.begin(), ticket.end());
    connection.append(words);
    const auto reply = std::move(connection.exchange(deadline).back());
    if (reply.is_error() && reply.text.find("OOM") == std::string::npos) { // that is no reason to stop reading
        throw redis::failure_from(reply);
    }
    count(reply.integer == 1 ? shared().fills : shared().refused_fills);
    return reply.integer == 1;
}

} // namespace helix::cache
