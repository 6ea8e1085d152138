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

constexpr const char* miss_ttl_s = "600";

// What read_entry() asks for, in this order. What a ticket names begins with the epoch.
struct Asked {
    enum : std::size_t { value, tag, cache_lease, ticket };
};

// KEYS: key, tag, epoch, then the key's tokens. ARGV: value, tag, ttl in s, then the ticket.
constexpr std::size_t fixed_fill_keys = 3;
constexpr const char* fill_script = R"(
for i = 3, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[i + 1] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
return 1)";

// KEYS: fill lock. ARGV: its token, what follows it (empty: nothing), how long that stays in ms.
constexpr const char* release_script = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1)";
constexpr std::string_view nobody_waits = "-"; // instead of a filler's token
constexpr const char* nobody_waits_ms = "500"; // longer than a waiting reader pauses

// The tokens that a key depends on. A user's token stands for every key with their id, and a scope's token for all keys
// that patterns with its prefix name.
std::vector<std::string> tokens_of(std::string_view key) {
    std::vector<std::string> tokens{cache_key::scope_token(cache_key::scope_of(key))};
    for (const auto user : cache_key::users_of(key)) {
        tokens.push_back(cache_key::user_token(user));
    }
    return tokens;
}

std::string noted_miss(std::string_view key) {
    return "helix:miss:" + std::to_string(MyDatabaseId) + ":" + std::string(key);
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

// How the value came to be, where its tag proves that helix has written it under this ticket.
std::optional<Origin> origin_by(std::string_view tag, const Ticket& ticket, std::string_view value, bool given_too) {
    for (const auto origin : {Origin::computed, Origin::computed_null, Origin::given}) {
        if (tag == tag_text(ticket, origin, value)) {
            return origin == Origin::given && !given_too ? std::nullopt : std::optional(origin);
        }
    }
    return std::nullopt;
}

// Appends commands that make the tokens which are missing. Returns one that reads the epoch and all of them; it may not
// outlive `tokens`.
std::vector<std::string_view> append_tokens(redis::Connection& connection, const std::vector<std::string>& tokens) {
    std::vector<std::string_view> words{"MGET", cache_key::epoch};
    for (const auto& token : tokens) { // where Redis has no memory for one, there is no ticket
        connection.append({"SET", token, fresh_token(), "NX", "EX", token_ttl_s});
        words.emplace_back(token);
    }
    return words;
}

} // namespace

// A crash of the server ends processes that hold locks. A Redis that is loaded from its disk has locks that were given
// back since. So a lock is of this start of the server, and of this connection of the invalidator: older ones hold up
// nobody.
std::string fill_lock_of(std::string_view key) {
    return "helix:fill:" + std::to_string(shared().started) + "." +
           std::to_string(pg_atomic_read_u64(&shared().connection)) + ":" + std::to_string(MyDatabaseId) + ":" +
           std::string(key);
}

std::size_t ticket_size(std::string_view key) {
    return 1 + tokens_of(key).size();
}

std::optional<Entry> read_entry(redis::Connection& connection, std::string_view key, bool given_too,
                                redis::Deadline deadline) {
    const auto tag = cache_key::tag_of(key);
    const auto tokens = tokens_of(key);
    std::vector<std::string_view> words{"MGET", key, tag, cache_key::cache_lease, cache_key::epoch};
    words.insert(words.end(), tokens.begin(), tokens.end());
    auto reply = connection.call(words, deadline);
    const std::span answers(values_in(reply, words));
    const auto ticket = ticket_from(answers.subspan(Asked::ticket));
    const auto& value = answers[Asked::value];
    const auto origin =
        ticket && value.is_text() ? origin_by(answers[Asked::tag].text, *ticket, value.text, given_too) : std::nullopt;
    if (!origin || !cache_lease_holds(answers[Asked::cache_lease].text, GetCurrentTimestamp())) {
        count(shared().misses);
        return std::nullopt;
    }
    count(shared().hits);
    return Entry{std::move(reply.items[Asked::value].text), *origin};
}

std::optional<Ticket> take_ticket(redis::Connection& connection, std::string_view key, redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    const auto words = append_tokens(connection, tokens);
    connection.append(words);
    const auto replies = connection.exchange(deadline);
    return ticket_from(values_in(replies.back(), words));
}

void note_miss(redis::Connection& connection, std::string_view key, std::string_view text, redis::Deadline deadline) {
    connection.append({"SET", noted_miss(key), text, "NX", "EX", miss_ttl_s});
    connection.exchange(deadline); // without memory for it, nothing is noted
}

std::optional<std::string> take_noted_miss(redis::Connection& connection, std::string_view key,
                                           redis::Deadline deadline) {
    const auto miss = noted_miss(key);
    connection.append({"GET", miss});
    connection.append({"UNLINK", miss});
    auto replies = connection.exchange(deadline);
    return replies.front().is_text() ? std::optional(std::move(replies.front().text)) : std::nullopt;
}

Turn take_turn(redis::Connection& connection, std::string_view key, std::string_view lock, std::string_view token,
               redis::Milliseconds lock_ms, redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    auto words = append_tokens(connection, tokens);
    words.emplace_back(lock);
    connection.append({"SET", lock, token, "NX", "PX", std::to_string(lock_ms.count())});
    connection.append(words);
    const auto replies = connection.exchange(deadline);
    const std::span values(values_in(replies.back(), words));
    const auto& holder = values.back(); // none where Redis has no memory for the lock
    const bool is_other = holder.is_text() && holder.text != nobody_waits;
    return {ticket_from(values.first(values.size() - 1)),
            holder.is_text() && holder.text == token ? Role::filler : (is_other ? Role::waits : Role::alone)};
}

void release_fill_lock(redis::Connection& connection, std::string_view lock, std::string_view token, Release release,
                       redis::Deadline deadline) {
    connection.append({"EVAL", release_script, "1", lock, token,
                       release == Release::next_fills ? std::string_view() : nobody_waits, nobody_waits_ms});
    connection.exchange(deadline); // a refusal for want of memory leaves the lock to its end
}

bool fill_entry(redis::Connection& connection, std::string_view key, const Ticket& ticket, Origin origin,
                std::string_view value, int ttl_s, redis::Deadline deadline) {
    const auto tokens = tokens_of(key);
    const auto tag = cache_key::tag_of(key);
    const auto tagged = tag_text(ticket, origin, value);
    const auto ttl = std::to_string(ttl_s);
    const auto key_count = std::to_string(fixed_fill_keys + tokens.size());
    std::vector<std::string_view> words{"EVAL", fill_script, key_count, key, tag, cache_key::epoch};
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
