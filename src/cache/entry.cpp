// Reads cached values with their proof, and fills them in.
#include "pg/prelude.hpp"

#include "cache/entry.hpp"

#include "cache/cache_lease.hpp"
#include "cache/fresh_token.hpp"
#include "cache/shared.hpp"
#include "core/cache/cache_key.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace helix::cache {

namespace {

// Longer than any value may stay: a value whose token is gone is lost.
constexpr const char* token_ttl_s = "172800";

// What read_entry() asks for, in this order. What a ticket names begins with the epoch.
struct Entry {
    enum : std::size_t { value, tag, cache_lease, ticket };
};

// KEYS: key, tag, fill lock, epoch, then the key's tokens. ARGV: value, tag, ttl in s, then the ticket.
constexpr std::size_t fixed_fill_keys = 4;
constexpr const char* fill_script = R"(
for i = 4, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
redis.call('DEL', KEYS[3])
return 1)";

// The tokens that a key depends on. A user's token stands for every key with their id, and a scope's token for all keys
// that patterns with its prefix name.
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

// Tells a value that helix wrote from one that a client has set over it. It is no secret: whoever may write to Redis
// can write the tag as well.
std::string fingerprint(std::string_view value) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    const auto length = static_cast<int>(value.size());
    return std::to_string(hash_bytes_extended(bytes, length, 0)) + "." +
           std::to_string(hash_bytes_extended(bytes, length, 1));
}

// It begins with the database: a value is not for the sessions of the server's other databases.
std::string tag_text(const Ticket& ticket, Origin origin, std::string_view value) {
    std::string text = std::to_string(MyDatabaseId) + " " + static_cast<char>(origin);
    for (const auto& token : ticket) {
        text += " " + token;
    }
    return text + " " + fingerprint(value);
}

std::optional<Ticket> ticket_from(std::span<const redis::Reply> answers) {
    Ticket ticket;
    for (const auto& answer : answers) {
        if (!answer.is_text()) {
            return std::nullopt;
        }
        ticket.push_back(answer.text);
    }
    return ticket;
}

// The values in an answer to `words`, MGET and its keys.
const std::vector<redis::Reply>& values_in(const redis::Reply& reply, const std::vector<std::string_view>& words) {
    if (reply.is_error()) {
        throw redis::failure_from(reply);
    }
    if (reply.items.size() != words.size() - 1) {
        throw redis::Failure("Redis answered MGET with another number of values");
    }
    return reply.items;
}

} // namespace

std::optional<std::string> read_entry(redis::Connection& connection, std::string_view key, bool given_too,
                                      redis::Deadline deadline) {
    const auto tag = cache_key::tag_of(key);
    const auto tokens = tokens_of(key);
    std::vector<std::string_view> words{"MGET", key, tag, cache_key::cache_lease, cache_key::epoch};
    words.insert(words.end(), tokens.begin(), tokens.end());
    auto reply = connection.call(words, deadline);
    const std::span answers(values_in(reply, words));
    const auto ticket = ticket_from(answers.subspan(Entry::ticket));
    const auto& value = answers[Entry::value];
    const auto has_tag_of = [&](Origin origin) {
        return answers[Entry::tag].text == tag_text(*ticket, origin, value.text);
    };
    const bool is_ours =
        ticket && value.is_text() && (has_tag_of(Origin::computed) || (given_too && has_tag_of(Origin::given)));
    if (!is_ours || !cache_lease_holds(answers[Entry::cache_lease].text, GetCurrentTimestamp())) {
        count(shared().misses);
        return std::nullopt;
    }
    count(shared().hits);
    return std::move(reply.items[Entry::value].text);
}

Turn take_turn(redis::Connection& connection, std::string_view key, redis::Milliseconds fill_ms,
               redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    std::vector<std::string_view> words{"MGET", cache_key::epoch};
    for (const auto& token : tokens) { // where Redis has no memory for one, there is no ticket
        connection.append({"SET", token, fresh_token(), "NX", "EX", token_ttl_s});
        words.emplace_back(token);
    }
    connection.append(
        {"SET", fill_lock(key), "1", "NX", "PX", std::to_string(std::max<std::int64_t>(1, fill_ms.count()))});
    connection.append(words);
    const auto replies = connection.exchange(deadline);
    const auto& values = replies.back();
    const auto& fill_lock_set = replies[replies.size() - 2];
    return {ticket_from(values_in(values, words)), fill_lock_set.is_text()};
}

bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, Origin origin,
                std::string_view value, int ttl_s, redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    const auto tag = cache_key::tag_of(key);
    const auto lock = fill_lock(key);
    const auto tagged = tag_text(ticket, origin, value);
    const auto ttl = std::to_string(ttl_s);
    const auto key_count = std::to_string(fixed_fill_keys + tokens.size());
    std::vector<std::string_view> words{"EVAL", fill_script, key_count, key, tag, lock, cache_key::epoch};
    words.insert(words.end(), tokens.begin(), tokens.end());
    words.insert(words.end(), {value, tagged, ttl});
    words.insert(words.end(), ticket.begin(), ticket.end());
    connection.append(words);
    const auto reply = std::move(connection.exchange(deadline).back());
    if (reply.is_error() && !reply.is_out_of_memory()) { // want of memory is no reason to stop reading
        throw redis::failure_from(reply);
    }
    count(reply.integer == 1 ? shared().fills : shared().refused_fills);
    return reply.integer == 1;
}

} // namespace helix::cache
