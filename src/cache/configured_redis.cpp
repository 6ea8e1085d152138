#include "cache/configured_redis.hpp"

#include "config.hpp"
#include "core/error.hpp"

#include <cstdlib>
#include <cstring>

namespace helix::cache {

namespace {

// Empty where helix.redis_url counts.
std::string_view environments_url() {
    const char* url = *config::redis_url == '\0' ? getenv("REDIS_URL") : nullptr;
    return url == nullptr ? std::string_view() : std::string_view(url);
}

redis::AddressWithPassword parse_environments_url() {
    try {
        return redis::parse_url_with_password(environments_url());
    } catch (const Error& error) {
        throw Error(error.sqlstate, "invalid REDIS_URL in the server's environment", error.detail,
                    error.hint + " helix.redis_url goes before it; off means no Redis.");
    }
}

} // namespace

bool redis_is_configured() {
    return strcmp(config::redis_url, config::redis_off) != 0 &&
           (*config::redis_url != '\0' || !environments_url().empty());
}

redis::Address configured_address() {
    return environments_url().empty() ? redis::parse_url(config::redis_url) : parse_environments_url().address;
}

Secret configured_password() {
    if (!environments_url().empty()) {
        if (auto password = parse_environments_url().password; !password.empty()) {
            return password;
        }
    }
    return read_secret(config::redis_password_ref);
}

} // namespace helix::cache
