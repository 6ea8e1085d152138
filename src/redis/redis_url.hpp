// Owns: where a Redis server is, as helix.redis_url says it. Anyone may use it.
#pragma once

#include <string>
#include <string_view>

namespace helix::redis {

struct Address {
    std::string socket; // path of a unix socket; empty: host and port
    std::string host;
    int port = 6379;
    int database = 0;
    std::string user; // for AUTH; empty: the default user

    // The url of the address.
    std::string text() const;
    bool operator==(const Address&) const = default;
};

// Reads redis://[user@]host[:port][/db] (a host with colons stands in brackets) or unix:///path[?db=n]. Throws Error
// 22023, which never repeats a password; a url with one is refused with a hint.
Address parse_url(std::string_view url);

} // namespace helix::redis
