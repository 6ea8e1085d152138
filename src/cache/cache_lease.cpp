#include "pg/prelude.hpp"

#include "cache/cache_lease.hpp"

#include "config.hpp"
#include "core/cache/cache_key.hpp"

#include <charconv>

extern "C" {
#include "access/xlog.h"
}

namespace helix::cache {

namespace {

// Only the Redis that the worker knows may vouch: behind a proxy it may have become another one, with an older state.
// KEYS: lease. ARGV: replication id, value, ttl in ms.
constexpr const char* lease_script = R"(
if string.find(redis.call('INFO', 'replication'), 'master_replid:' .. ARGV[1], 1, true) then
  return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return redis.error_reply('REPLID Redis has changed its replication id'))";

// A standby's readers go by its primary's lease: both have one system identifier.
std::string owner() {
    return std::to_string(GetSystemIdentifier()) + " ";
}

} // namespace

TimestampTz append_lease(redis::Connection& connection, const std::string& replication_id, TimestampTz complete_until) {
    const TimestampTz until = complete_until + config::cache_lease_ms * INT64CONST(1000);
    const std::int64_t left_ms = (until - GetCurrentTimestamp()) / 1000;

    connection.append({"EVAL", lease_script, "1", cache_key::lease, replication_id, owner() + std::to_string(until),
                       std::to_string(std::max<std::int64_t>(1, left_ms))});
    return until;
}

bool lease_holds(std::string_view text, TimestampTz now) {
    const auto own = owner();
    if (!text.starts_with(own)) {
        return false;
    }
    TimestampTz until = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + own.size(), end, until);
    return error == std::errc{} && stop == end && now < until;
}

} // namespace helix::cache
