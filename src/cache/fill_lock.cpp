// Takes a fill lock, and gives it back whatever ends the computing.
#include "pg/prelude.hpp"

#include "cache/fill_lock.hpp"

#include "cache/fresh_token.hpp"
#include "cache/session_connection.hpp"
#include "pg/guard.hpp"

#include <algorithm>

extern "C" {
#include "storage/ipc.h"
}

namespace helix::cache {

namespace {

// Those that this process holds; more than one where a query reads through the cache itself.
std::vector<FillLock*>& held_locks() {
    static std::vector<FillLock*> locks;
    return locks;
}

} // namespace

FillLock::FillLock(std::string_view key) : key_(key), token_(fresh_token()) {}

FillLock::~FillLock() {
    if (std::erase(held_locks(), this) > 0) {
        release();
    }
}

bool FillLock::held() {
    return !held_locks().empty();
}

std::optional<Turn> FillLock::take(redis::Milliseconds lock_ms) {
    static const bool registered = pg::call([] {
        before_shmem_exit(release_all, 0);
        return true;
    });
    static_cast<void>(registered);
    auto& locks = held_locks();
    if (std::find(locks.begin(), locks.end(), this) == locks.end()) {
        locks.push_back(this); // before it is asked for: the answer may be late
    }
    auto turn = session().call(
        [&](auto& connection, auto deadline) { return take_turn(connection, key_, token_, lock_ms, deadline); });
    if (turn && turn->role != Role::filler) {
        std::erase(locks, this);
    }
    return turn;
}

// Also called while a PostgreSQL error is on its way. It takes as long as a command to Redis.
void FillLock::release() noexcept {
    try {
        session().call([&](auto& connection, auto deadline) {
            release_fill_lock(connection, key_, token_, release_, deadline);
            return true;
        });
    } catch (...) { // no memory: the lock ends by itself
    }
}

// FATAL runs no destructors.
void FillLock::release_all(int, Datum) {
    for (FillLock* lock : std::exchange(held_locks(), {})) {
        lock->leave_to_next();
        lock->release();
    }
}

} // namespace helix::cache
