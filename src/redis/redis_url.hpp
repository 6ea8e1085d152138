// Owns: where a Redis server is, as helix.redis_url says it, or the environment's REDIS_URL. Anyone may use it.
#pragma once

#include "core/secrets/secret.hpp"

#include <string>
#include <string_view>

namespace helix::redis {

struct Address {
    std::string socket; // path of a unix socket; empty: host and port
    std::string host;
    int port = 6379;
    int database = 0;
    std::string user; // for AUTH; empty: the default user
    bool tls = false;
    std::string server_name; // that the certificate must be for; empty: the host

    // The url of the address.
    std::string text() const;
    bool operator==(const Address&) const = default;
};

// Reads redis://[user@]host[:port][/db], rediss://[user@]host[:port][/db][?server_name=name] or unix:///path[?db=n]. A
// host with colons stands in brackets. Throws Error 22023, which never repeats a password; a url with one is refused
// with a hint.
Address parse_url(std::string_view url);

struct AddressWithPassword {
    Address address;
    Secret password; // empty where the url has none
};

// The same for a url that may have a password: redis://[user][:password]@host…. There %41 stands for A.
AddressWithPassword parse_url_with_password(std::string_view url);

} // namespace helix::redis
