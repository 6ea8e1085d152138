#include "pg/prelude.hpp"

#include "cache/cache_lease.hpp"

#include "config.hpp"
#include "core/cache/cache_key.hpp"
#include "core/numbers.hpp"

extern "C" {
#include "access/xlog.h"
}

namespace helix::cache {

namespace {

// Only the Redis that the worker knows may vouch: behind a proxy it may have become another one, with an older state.
// KEYS: cache lease. ARGV: replication id, value, ttl in ms.
constexpr const char* cache_lease_script = R"(
if string.find(redis.call('INFO', 'replication'), 'master_replid:' .. ARGV[1], 1, true) then
  return redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return redis.error_reply('REPLID Redis has changed its replication id'))";

// A standby has its primary's system identifier, so its readers go by the primary's cache lease.
std::string owner() {
    return std::to_string(GetSystemIdentifier()) + " ";
}

} // namespace

TimestampTz append_cache_lease(redis::Connection& connection, const std::string& replication_id,
                               TimestampTz complete_until) {
    const TimestampTz until = complete_until + config::cache_lease_ms * INT64CONST(1000);
    const std::int64_t left_ms = (until - GetCurrentTimestamp()) / 1000;
    connection.append({"EVAL", cache_lease_script, "1", cache_key::cache_lease, replication_id,
                       owner() + std::to_string(until), std::to_string(std::max<std::int64_t>(1, left_ms))});
    return until;
}

bool cache_lease_holds(std::string_view text, TimestampTz now) {
    const auto own = owner();
    if (!text.starts_with(own)) {
        return false;
    }
    const auto until = whole_number<TimestampTz>(text.substr(own.size()));
    return until && now < *until;
}

} // namespace helix::cache
