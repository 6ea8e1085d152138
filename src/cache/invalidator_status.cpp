#include "pg/prelude.hpp"

#include "cache/invalidator_status.hpp"

#include "cache/shared.hpp"
#include "pg/error_text.hpp"

namespace helix::cache {

void announce_connection(const std::string& address) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    strlcpy(memory.address, address.c_str(), sizeof(memory.address));
    memory.connected_since = GetCurrentTimestamp();
    LWLockRelease(memory.lock);
    pg_atomic_fetch_add_u64(&memory.connection, 1);
}

void announce_failure(const std::string& message) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    pg::copy_error(memory.last_error, sizeof(memory.last_error), message);
    memory.connected_since = 0;
    LWLockRelease(memory.lock);
}

} // namespace helix::cache
