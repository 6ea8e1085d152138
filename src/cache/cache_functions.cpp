// The cache functions that name a key, a pattern or a user: get, set, delete.
#include "pg/prelude.hpp"

#include "cache/cache_arguments.hpp"
#include "cache/known_reads.hpp"
#include "cache/missed_keys.hpp"
#include "cache/pending.hpp"
#include "cache/read_through.hpp"
#include "cache/ticket_text.hpp"
#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::cache {

HELIX_FUNCTION(helix_cache_get) {
    const auto key = key_argument(fcinfo, 0);
    const auto found = look_up(key);
    if (found.is_null) {
        remember_miss(key, may_fill() ? new_ticket(key) : std::nullopt);
    }
    return result_of(fcinfo, found);
}

HELIX_FUNCTION(helix_cache_get_with_token) {
    TupleDesc columns = pg::result_columns(fcinfo);
    const auto key = key_argument(fcinfo, 0);
    const auto found = look_up(key);
    std::string token;
    if (found.is_null) {
        token = ticket_text(may_fill() ? new_ticket(key) : std::nullopt);
    }
    const char* text = token.c_str();
    return pg::call([&] {
        pg::Values row; // in the order of the result's columns
        row.add(found.value, found.is_null);
        row.add(CStringGetTextDatum(text), *text == '\0');
        return row.row(columns);
    });
}

HELIX_FUNCTION(helix_cache_set) {
    struct Argument {
        enum : int { key, value, ttl_s, token };
    };
    const auto key = key_argument(fcinfo, Argument::key);
    if (PG_ARGISNULL(Argument::value)) {
        throw null_value("p_value",
                         "Pass a JSON value; 'null'::jsonb is one. To remove a key use helix.cache_delete().");
    }
    const int ttl_s = ttl_argument(fcinfo, Argument::ttl_s);
    check_not_known(key);
    const auto token =
        PG_ARGISNULL(Argument::token) ? std::nullopt : std::optional(text_argument(fcinfo, Argument::token, "p_token"));
    const auto ticket = token ? ticket_from_text(*token, key) : ticket_of_miss(key);
    const bool stored =
        ticket && may_fill() && store(key, *ticket, Origin::given, {PG_GETARG_DATUM(Argument::value), false}, ttl_s);
    PG_RETURN_BOOL(stored);
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
