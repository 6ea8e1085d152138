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

// Locks that Redis was not there to take back. Others wait for them in vain, so the next lock's taking gives them back.
struct Left {
    std::string name;
    std::string token;
};

constexpr std::size_t most_left = 16; // an older one ends by itself

std::vector<Left>& left_locks() {
    static std::vector<Left> locks;
    return locks;
}

bool give_back(std::string_view name, std::string_view token, Release release) {
    return session()
        .call([&](auto& connection, auto deadline) {
            release_fill_lock(connection, name, token, release, deadline);
            return true;
        })
        .has_value();
}

void give_back_left() {
    auto& left = left_locks();
    while (!left.empty() && give_back(left.back().name, left.back().token, Release::next_fills)) {
        left.pop_back();
    }
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
    give_back_left();
    auto& locks = held_locks();
    if (std::find(locks.begin(), locks.end(), this) == locks.end()) {
        locks.push_back(this); // before it is asked for: the answer may be late
    }
    name_ = fill_lock_of(key_);
    auto turn = session().call(
        [&](auto& connection, auto deadline) { return take_turn(connection, key_, name_, token_, lock_ms, deadline); });
    if (turn && turn->role != Role::filler) {
        std::erase(locks, this);
    }
    return turn;
}

// Also called while a PostgreSQL error is on its way. It takes as long as a command to Redis.
void FillLock::release() noexcept {
    try {
        if (!give_back(name_, token_, release_) && left_locks().size() < most_left) {
            left_locks().push_back({name_, token_});
        }
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
