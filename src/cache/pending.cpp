#include "pg/prelude.hpp"

#include "cache/pending.hpp"

#include "cache/invalidation.hpp"
#include "cache/shared.hpp"

namespace helix::cache {

// Redis may be switched on before this transaction commits. So it must not forget that it has made something stale.
bool Pending::collects() {
    if (pg_atomic_read_u32(&shared().enabled) != 0) {
        return true;
    }
    set_.add_everything();
    return false;
}

void Pending::add_key(std::string_view key) {
    if (collects()) {
        set_.add_key(key);
    }
}

void Pending::add_pattern(std::string_view pattern) {
    if (collects()) {
        set_.add_pattern(pattern);
    }
}

void Pending::add_sums(const UuidBytes& user, std::string_view operation) {
    if (collects()) {
        set_.add_sums(user, operation);
    }
}

void Pending::add_user(const UuidBytes& user) {
    if (collects()) {
        set_.add_user(user);
    }
}

Pending& pending() {
    static Pending transaction;
    return transaction;
}

void invalidate_recorded(const UuidBytes& user, std::string_view operation) {
    pending().add_sums(user, operation);
}

void invalidate_everything() {
    pending().add_everything();
}

} // namespace helix::cache
