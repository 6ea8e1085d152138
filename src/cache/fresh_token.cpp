// The server's random numbers for redis/, which knows nothing of PostgreSQL.
#include "pg/prelude.hpp"

#include "redis/key_removal.hpp"

extern "C" {
#include "port.h"
}

namespace helix::redis {

std::string fresh_token() {
    std::array<std::uint8_t, 16> bytes{};
    if (!pg_strong_random(bytes.data(), bytes.size())) {
        throw Failure("no random numbers to be had");
    }
    return format_uuid(bytes);
}

} // namespace helix::redis
