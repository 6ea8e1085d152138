// helix.cache_stats(): the cache's state as a row.
#include "pg/prelude.hpp"

#include "cache/session_connection.hpp"
#include "cache/shared.hpp"
#include "core/numbers.hpp"
#include "pg/guard.hpp"
#include "pg/values.hpp"

namespace helix::cache {

namespace {

constexpr std::array state_names = {"off", "connecting", "up", "down"};

struct DatabaseSize {
    std::int64_t keys;
    std::int64_t memory_bytes;
};

std::optional<DatabaseSize> ask_size() {
    return session().call([](auto& connection, auto deadline) {
        connection.append({"DBSIZE"});
        connection.append({"INFO", "memory"});
        const auto replies = connection.exchange(deadline);
        const auto& keys = replies.front();
        const auto& memory = replies.back();
        const auto used = whole_number<std::int64_t>(redis::info_field(memory, "used_memory"));
        return DatabaseSize{keys.integer, used.value_or(0)};
    });
}

void add_connection(pg::Values& row) {
    auto& memory = shared();
    char error[sizeof(memory.last_error)];
    LWLockAcquire(memory.lock, LW_SHARED);
    const TimestampTz since = memory.connected_since;
    const int pid = memory.pid;
    strlcpy(error, memory.last_error, sizeof(error));
    LWLockRelease(memory.lock);
    const auto state = pg_atomic_read_u32(&memory.state);
    const bool is_well = state == static_cast<std::uint32_t>(State::up) ||
                         state == static_cast<std::uint32_t>(State::off) || error[0] == '\0';
    row.add_text(state_names[state]);
    row.add(TimestampTzGetDatum(since), since == 0);
    row.add(CStringGetTextDatum(error), is_well); // what was wrong before is over
    row.add(Int32GetDatum(pid), pid == 0);
}

void add_counters(pg::Values& row) {
    auto& memory = shared();
    for (auto* counter : {&memory.hits, &memory.misses, &memory.fills, &memory.refused_fills, &memory.invalidations,
                          &memory.drops, &memory.epochs}) {
        row.add(Int64GetDatum(static_cast<std::int64_t>(pg_atomic_read_u64(counter))));
    }
}

void add_times(pg::Values& row) {
    auto& memory = shared();
    const auto now = GetCurrentTimestamp();
    const auto oldest = static_cast<TimestampTz>(pg_atomic_read_u64(&memory.oldest_unsent));
    const auto cache_lease = static_cast<TimestampTz>(pg_atomic_read_u64(&memory.cache_lease_until));
    row.add(Int64GetDatum(oldest == 0 ? 0 : std::max<std::int64_t>(0, (now - oldest) / 1000)));
    row.add(Int64GetDatum(std::max<std::int64_t>(0, (cache_lease - now) / 1000)));
}

} // namespace

HELIX_FUNCTION(helix_cache_stats) {
    TupleDesc columns = pg::result_columns(fcinfo);
    const auto size = ask_size();
    pg::Values row; // in the order of the result's columns
    add_connection(row);
    row.add(Int64GetDatum(size ? size->keys : 0), !size);
    row.add(Int64GetDatum(size ? size->memory_bytes : 0), !size);
    add_counters(row);
    add_times(row);
    PG_RETURN_DATUM(row.row(columns));
}

} // namespace helix::cache
