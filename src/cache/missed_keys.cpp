// Remembers what cache_get() has missed, in this session and in Redis.
#include "pg/prelude.hpp"

#include "cache/missed_keys.hpp"

#include "cache/read_through.hpp"
#include "cache/session_connection.hpp"
#include "cache/ticket_text.hpp"

#include <unordered_map>

namespace helix::cache {

namespace {

// Clients of a pool may share the session, so the oldest ticket is kept.
class MissedKeys {
  public:
    void remember(const std::string& key, const std::string& ticket) {
        if (tickets_.size() >= most) {
            tickets_.clear(); // of keys that were never set
        }
        tickets_.try_emplace(key, ticket);
    }
    std::optional<std::string> take(const std::string& key) {
        auto node = tickets_.extract(key);
        return node ? std::optional(std::move(node.mapped())) : std::nullopt;
    }

  private:
    static constexpr std::size_t most = 10'000;
    std::unordered_map<std::string, std::string> tickets_; // as texts
};

MissedKeys& missed_keys() {
    static MissedKeys of_session;
    return of_session;
}

} // namespace

void remember_miss(const std::string& key, const std::optional<Ticket>& ticket) {
    const auto text = ticket_text(ticket);
    missed_keys().remember(key, text);
    session().call([&](auto& connection, auto deadline) {
        note_miss(connection, key, text, deadline);
        return true;
    });
}

// The miss of this session and the noted one are both older than the value. If they differ, one of them is stale.
std::optional<Ticket> ticket_of_miss(const std::string& key) {
    auto own = missed_keys().take(key);
    const auto noted =
        session().call([&](auto& connection, auto deadline) { return take_noted_miss(connection, key, deadline); });
    if (!noted) {
        return std::nullopt; // Redis is away
    }
    if (own && *noted && *own != **noted) {
        return std::nullopt;
    }
    if (!own && !*noted) {
        return may_fill() ? new_ticket(key) : std::nullopt;
    }
    return ticket_from_text(own ? *own : **noted, key);
}

} // namespace helix::cache
