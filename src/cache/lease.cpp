#include "pg/prelude.hpp"

#include "cache/lease.hpp"

#include "config.hpp"
#include "core/cache_key.hpp"

#include <charconv>

extern "C" {
#include "access/xlog.h"
}

namespace helix::cache {

namespace {

// A standby's readers go by its primary's lease: both have one system identifier.
std::string owner() {
    return std::to_string(GetSystemIdentifier()) + " ";
}

} // namespace

TimestampTz append_lease(redis::Connection& connection, TimestampTz complete_until) {
    const TimestampTz until = complete_until + config::cache_lease_ms * INT64CONST(1000);
    const std::int64_t left_ms = (until - GetCurrentTimestamp()) / 1000;

    connection.append({"SET", cache_key::lease, owner() + std::to_string(until), "PX",
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
