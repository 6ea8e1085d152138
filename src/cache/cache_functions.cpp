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

// The keys that this session has missed, each with a ticket of that moment: what the session sets next is as old as
// that. Where no ticket could be had, that is remembered as well. Clients of a pool may share the session, so the
// oldest ticket is kept.
class MissedKeys {
  public:
    struct Miss {
        bool happened = false;
        std::optional<Ticket> ticket;
    };

    void remember(const std::string& key, const std::optional<Ticket>& ticket) {
        if (tickets_.size() >= most) {
            tickets_.clear(); // keys that were never set: their next cache_set() counts as read at that moment
        }
        tickets_.try_emplace(key, ticket);
    }
    Miss take(const std::string& key) {
        auto node = tickets_.extract(key);
        return node ? Miss{true, std::move(node.mapped())} : Miss{};
    }

  private:
    static constexpr std::size_t most = 10'000;
    std::unordered_map<std::string, std::optional<Ticket>> tickets_;
};

MissedKeys& missed_keys() {
    static MissedKeys of_session;
    return of_session;
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
    if (found.is_null) {
        missed_keys().remember(key, may_fill() ? new_ticket(key) : std::nullopt);
    }
    return result_of(fcinfo, found);
}

HELIX_FUNCTION(helix_cache_set) {
    struct Argument {
        enum : int { key, value, ttl_s };
    };
    const auto key = key_argument(fcinfo, Argument::key);
    if (PG_ARGISNULL(Argument::value)) {
        throw null_value("p_value",
                         "Pass a JSON value; 'null'::jsonb is one. To remove a key use helix.cache_delete().");
    }
    const int ttl_s = ttl_argument(fcinfo, Argument::ttl_s);
    check_not_known(key);
    const auto miss = missed_keys().take(key);
    if (!may_fill()) {
        PG_RETURN_BOOL(false);
    }
    const auto ticket = miss.happened ? miss.ticket : new_ticket(key);
    PG_RETURN_BOOL(ticket && store(key, *ticket, Origin::given, PG_GETARG_DATUM(Argument::value), ttl_s));
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
