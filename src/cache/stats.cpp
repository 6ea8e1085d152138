// helix.cache_stats(): the cache's state as a row.
#include "pg/prelude.hpp"

#include "cache/session_connection.hpp"
#include "cache/shared.hpp"
#include "pg/guard.hpp"
#include "pg/values.hpp"

#include <charconv>

namespace helix::cache {

namespace {

constexpr std::array state_names = {"off", "connecting", "up", "down"};

struct Size {
    std::int64_t keys;
    std::int64_t memory_bytes;
};

std::optional<Size> ask_size() {
    return session().call([](auto& connection, auto deadline) {
        connection.append({"DBSIZE"});
        connection.append({"INFO", "memory"});
        const auto replies = connection.exchange(deadline);
        const auto memory = redis::info_field(replies[1], "used_memory");
        Size size{replies[0].integer, 0};
        std::from_chars(memory.data(), memory.data() + memory.size(), size.memory_bytes);
        return size;
    });
}

// A row's values, one after the other.
class Row {
  public:
    static constexpr int most = 20;

    void add(Datum value, bool is_null = false) {
        values_[count_] = value;
        nulls_[count_++] = is_null;
    }
    void add(const pg_atomic_uint64& counter) {
        add(Int64GetDatum(static_cast<std::int64_t>(pg_atomic_read_u64(const_cast<pg_atomic_uint64*>(&counter)))));
    }
    Datum datum(TupleDesc columns) { return HeapTupleGetDatum(heap_form_tuple(columns, values_, nulls_)); }

  private:
    Datum values_[most];
    bool nulls_[most];
    int count_ = 0;
};

void add_link(Row& row) {
    auto& memory = shared();
    char error[sizeof(memory.last_error)];
    LWLockAcquire(memory.lock, LW_SHARED);
    const TimestampTz since = memory.connected_since;
    const int pid = memory.pid;
    strlcpy(error, memory.last_error, sizeof(error));
    LWLockRelease(memory.lock);
    row.add(CStringGetTextDatum(state_names[pg_atomic_read_u32(&memory.state)]));
    row.add(TimestampTzGetDatum(since), since == 0);
    row.add(CStringGetTextDatum(error), error[0] == '\0');
    row.add(Int32GetDatum(pid), pid == 0);
}

void add_times(Row& row) {
    auto& memory = shared();
    const auto now = GetCurrentTimestamp();
    const auto oldest = static_cast<TimestampTz>(pg_atomic_read_u64(&memory.oldest_unsent));
    const auto lease = static_cast<TimestampTz>(pg_atomic_read_u64(&memory.lease_until));
    row.add(Int64GetDatum(oldest == 0 ? 0 : std::max<std::int64_t>(0, (now - oldest) / 1000)));
    row.add(Int64GetDatum(std::max<std::int64_t>(0, (lease - now) / 1000)));
}

} // namespace

HELIX_FUNCTION(helix_cache_stats) {
    TupleDesc columns = pg::result_columns(fcinfo);
    const auto size = ask_size();
    auto& memory = shared();
    Row row;
    add_link(row);
    row.add(Int64GetDatum(size ? size->keys : 0), !size);
    row.add(Int64GetDatum(size ? size->memory_bytes : 0), !size);
    for (const auto* counter : {&memory.hits, &memory.misses, &memory.fills, &memory.refused_fills,
                                &memory.invalidations, &memory.drops, &memory.epochs}) {
        row.add(*counter);
    }
    add_times(row);
    PG_RETURN_DATUM(row.datum(columns));
}

} // namespace helix::cache
