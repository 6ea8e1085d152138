// The invalidator: one process without a database connection. It follows the protocol that test/model checks.
#include "pg/prelude.hpp"

#include "cache/invalidator.hpp"

#include "cache/invalidator_connection.hpp"
#include "cache/shared.hpp"
#include "config.hpp"
#include "core/cache/gathering.hpp"
#include "pg/background_process.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "storage/procsignal.h"
}

namespace helix::cache {

namespace {

constexpr long pause_without_redis_ms = 100; // nobody waits for the invalidator then
constexpr long longest_sleep_ms = 500;

InvalidatorConnection* connection = nullptr; // lives as long as the process

void leave(int, Datum) {
    auto& memory = shared();
    LWLockReleaseAll(); // an error may have left it held
    pg_atomic_write_u32(&memory.invalidator, 0);
    pg_atomic_write_u32(&memory.state, static_cast<std::uint32_t>(State::down));
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    memory.pid = 0;
    LWLockRelease(memory.lock);
}

void enter_service() {
    auto& memory = shared();
    before_shmem_exit(leave, 0);
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    memory.pid = MyProcPid;
    LWLockRelease(memory.lock);
    pg_atomic_write_u32(&memory.invalidator, static_cast<std::uint32_t>(pg::process_number()) + 1);
}

// The pause after a round that began `time` after the one before it.
long pause_after(std::chrono::nanoseconds time) {
    if (!connection->is_connected()) {
        return pause_without_redis_ms;
    }
    const auto& taken = connection->taken();
    return static_cast<long>(Gathering(shared().ring().capacity()).pause(taken.records, taken.bytes, time).count());
}

// Sleeps until there is something to do. While commits come in they do not set the latch: a commit should not have to
// wake a process that will look anyway.
void sleep_until_due(bool busy, long pause_ms) {
    auto& memory = shared();
    long sleep_ms = std::min(longest_sleep_ms, connection->ms_until_due());
    if (sleep_ms <= 0) {
        return;
    }
    pg_atomic_exchange_u32(&memory.idle, busy ? 0 : 1);
    if (busy || connection->has_news()) { // a commit that came in before the flag was set does not wake this process
        sleep_ms = std::min(pause_ms, sleep_ms);
    }
    pg::wait_for_latch(sleep_ms);
    pg_atomic_write_u32(&memory.idle, 0);
}

void run_invalidator() {
    pg::begin_rounds();
    enter_service();
    connection = new InvalidatorConnection;
    connection->configure();
    auto last = std::chrono::steady_clock::now();
    const auto round = [&last] {
        const auto began = std::chrono::steady_clock::now();
        const std::size_t commits = connection->work();
        sleep_until_due(commits > 0, pause_after(began - std::exchange(last, began)));
    };
    pg::run_rounds(round, [] { connection->configure(); });
    connection->work(); // removes what was committed up to now
    pg::end_rounds();
}

} // namespace

void register_invalidator() {
    pg::register_background_process("helix cache invalidator", "helix_invalidator_main", BgWorkerStart_ConsistentState,
                                    1);
}

} // namespace helix::cache

extern "C" {
PGDLLEXPORT void helix_invalidator_main(Datum argument);

void helix_invalidator_main(Datum) {
    helix::pg::enter_callback([] { helix::cache::run_invalidator(); });
}
}
