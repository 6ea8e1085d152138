// The cache functions that name a key, a pattern or a user: get, set, delete.
#include "pg/prelude.hpp"

#include "cache/cache_arguments.hpp"
#include "cache/known_reads.hpp"
#include "cache/pending.hpp"
#include "cache/read_through.hpp"
#include "cache/session_connection.hpp"
#include "core/error.hpp"
#include "pg/guard.hpp"

#include <unordered_map>

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::cache {

namespace {

// Tickets of keys that this session has asked for in vain: what it reads next and sets is as old as that. Where none
// could be had, that is remembered as well. Sessions may be shared by a pool's clients, so the oldest one is kept.
class Tickets {
  public:
    void remember(const std::string& key, const std::optional<Ticket>& ticket) {
        if (tickets_.size() >= most) {
            tickets_.clear(); // keys that were never set: their next cache_set counts as read at that moment
        }
        tickets_.try_emplace(key, ticket);
    }
    struct Missed {
        bool at_all;
        std::optional<Ticket> ticket;
    };
    Missed take(const std::string& key) {
        auto node = tickets_.extract(key);
        return node ? Missed{true, std::move(node.mapped())} : Missed{false, std::nullopt};
    }

  private:
    static constexpr std::size_t most = 10'000;
    std::unordered_map<std::string, std::optional<Ticket>> tickets_;
};

Tickets& tickets() {
    static Tickets session;
    return session;
}

std::optional<Ticket> new_ticket(std::string_view key) {
    auto turn = session().call(
        [&](auto& connection, auto deadline) { return take_turn(connection, key, redis::Milliseconds(1), deadline); });
    return turn ? std::move(turn->ticket) : std::nullopt;
}

} // namespace

HELIX_FUNCTION(helix_cache_get) {
    const auto key = key_argument(fcinfo, 0);
    const auto found = look_up(key);
    if (!found.is_null) {
        PG_RETURN_DATUM(found.value);
    }
    tickets().remember(key, may_fill() ? new_ticket(key) : std::nullopt);
    PG_RETURN_NULL();
}

HELIX_FUNCTION(helix_cache_set) {
    const auto key = key_argument(fcinfo, 0);
    if (PG_ARGISNULL(1)) {
        throw null_value("p_value",
                         "Pass a JSON value; 'null'::jsonb is one. To remove a key use helix.cache_delete().");
    }
    const int ttl = ttl_argument(fcinfo, 2);
    check_not_known(key);
    const auto missed = tickets().take(key);
    if (!may_fill()) {
        PG_RETURN_BOOL(false);
    }
    const auto ticket = missed.at_all ? missed.ticket : new_ticket(key);
    PG_RETURN_BOOL(ticket && store(key, *ticket, Origin::given, PG_GETARG_DATUM(1), ttl));
}

HELIX_FUNCTION(helix_cache_delete) {
    const auto key = key_argument(fcinfo, 0);
    check_not_standby("removing from the cache");
    pending().add_key(key);
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_cache_delete_pattern) {
    const auto pattern = pattern_argument(fcinfo, 0);
    check_not_standby("removing from the cache");
    pending().add_pattern(pattern);
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_invalidate_user_cache) {
    if (PG_ARGISNULL(0)) {
        throw null_value("p_user_id", "Pass the user's id.");
    }
    check_not_standby("removing from the cache");
    UuidBytes user{};
    std::copy_n(PG_GETARG_UUID_P(0)->data, user.size(), user.begin());
    pending().add_user(user);
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_cache_flush_all) {
    check_not_standby("removing from the cache");
    pending().add_everything();
    PG_RETURN_VOID();
}

} // namespace helix::cache
