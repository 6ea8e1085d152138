#include "pg/prelude.hpp"

#include "cache/fresh_token.hpp"

#include "core/uuid.hpp"
#include "redis/reply.hpp"

extern "C" {
#include "port.h"
}

namespace helix::cache {

std::string fresh_token() {
    UuidBytes bytes{};
    if (!pg_strong_random(bytes.data(), bytes.size())) {
        throw redis::Failure("no random numbers to be had");
    }
    return format_uuid(bytes);
}

} // namespace helix::cache
