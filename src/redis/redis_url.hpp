// Owns: where a Redis server is, as helix.redis_url says it. Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix {

struct RedisAddress {
    std::string socket; // path of a unix socket; else host and port
    std::string host;
    int port = 6379;
    int database = 0;
    std::string user; // for AUTH; empty: the default user

    // The same as a url.
    std::string text() const;
    bool operator==(const RedisAddress&) const = default;
};

// Reads redis://[user@]host[:port][/db] (a host with colons in brackets) or unix:///path[?db=n]. Throws Error 22023,
// which never repeats a password; a url with one is refused with a hint.
RedisAddress parse_redis_url(std::string_view url);

} // namespace helix
