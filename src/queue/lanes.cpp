// The lanes in shared memory, and the turns.
#include "pg/prelude.hpp"

#include "queue/lanes.hpp"

#include "pg/shared_memory.hpp"
#include "pg/text.hpp"
#include "queue/waiters.hpp"

extern "C" {
#include "common/hashfn.h"
#include "port/atomics.h"
#include "storage/spin.h"
}

namespace helix::queue {

namespace {

constexpr int most_databases = 64;    // the claims of further ones have no hints
constexpr int most_operations = 1024; // of all databases together

} // namespace

struct OperationLanes {
    std::uint64_t key; // 0: nobody's; never given back
    Oid database;
    LaneOf<16> ready[lane_count];
    std::int64_t current[lane_count]; // turns
};

namespace {

struct DatabaseLanes {
    Oid database;  // never given back: the entry of a dropped database costs nothing else
    slock_t mutex; // of all lanes of the database
    pg_atomic_uint64 arrivals;
    Lane ready[lane_count];
    Lane later[lane_count];
    std::int64_t current[lane_count];
};

struct Shared {
    LWLock* lock; // while an entry is handed out
    DatabaseLanes databases[most_databases];
    OperationLanes operations[most_operations];
};

Shared* shared_memory = nullptr;

template <typename L>
void reset(L (&lanes)[lane_count]) {
    for (auto& lane : lanes) {
        lane.reset();
    }
}

void attach(void* memory, LWLock* lock, bool is_new) {
    shared_memory = static_cast<Shared*>(memory);
    if (!is_new) {
        return;
    }
    shared_memory->lock = lock;
    for (auto& entry : shared_memory->databases) {
        SpinLockInit(&entry.mutex);
        pg_atomic_init_u64(&entry.arrivals, 0);
        reset(entry.ready);
        reset(entry.later);
        std::fill(std::begin(entry.current), std::end(entry.current), -1);
    }
}

constexpr pg::SharedArea area = {"helix queue", [] { return sizeof(Shared); }, attach};

// Null where too many databases have queues.
DatabaseLanes* own_lanes() {
    static DatabaseLanes* own = nullptr;
    if (own != nullptr) {
        return own;
    }
    LWLockAcquire(shared_memory->lock, LW_EXCLUSIVE);
    for (auto& entry : shared_memory->databases) {
        if (entry.database == MyDatabaseId || entry.database == InvalidOid) {
            entry.database = MyDatabaseId;
            own = &entry;
            break;
        }
    }
    LWLockRelease(shared_memory->lock);
    return own;
}

OperationLanes& slot_of(std::uint64_t key, int probe) {
    return shared_memory->operations[(key + static_cast<std::uint64_t>(probe)) % most_operations];
}

// An entry that is in use keeps its key, so this needs no lock.
OperationLanes* find_operation(std::uint64_t key) {
    for (int probe = 0; probe < most_operations; ++probe) {
        OperationLanes& entry = slot_of(key, probe);
        const std::uint64_t found = *const_cast<volatile std::uint64_t*>(&entry.key);
        if (found == key) {
            return &entry;
        }
        if (found == 0) {
            return nullptr;
        }
    }
    return nullptr;
}

template <typename L>
void arrive(L (&lanes)[lane_count], const LanePlaces& places) noexcept {
    for (int i = 0; i < lane_count; ++i) {
        if (places.first[i] != Lane::last) {
            lanes[i].arrive(places.first[i]);
        }
    }
}

void reset_operations(Oid database) noexcept {
    for (auto& entry : shared_memory->operations) {
        if (entry.key != 0 && entry.database == database) {
            for (auto& lane : entry.ready) {
                lane.arrive(Lane::first);
            }
        }
    }
}

// Runs `f` with the database's lanes locked; `otherwise` where it has none. `f` may not fail.
template <typename R, typename F>
R with_lanes(R otherwise, F f) {
    DatabaseLanes* queue = own_lanes();
    if (queue == nullptr) {
        return otherwise;
    }
    SpinLockAcquire(&queue->mutex);
    const R result = f(*queue);
    SpinLockRelease(&queue->mutex);
    return result;
}

constexpr Lane::Start from_the_first{Lane::first, 0};

} // namespace

void initialize_lanes() {
    pg::request_shared_area(area);
    initialize_waiters();
}

std::uint64_t key_of_operation(Datum operation_id) {
    const auto name = pg::text_view(operation_id);
    const auto key = hash_bytes_extended(reinterpret_cast<const unsigned char*>(name.data()),
                                         static_cast<int>(name.size()), MyDatabaseId);
    return key == 0 ? 1 : key;
}

OperationLanes* lanes_of_operation(Datum operation_id) {
    return find_operation(key_of_operation(operation_id));
}

OperationLanes* known_lanes_of_operation(std::uint64_t key) {
    if (OperationLanes* const found = find_operation(key)) {
        return found;
    }
    LWLockAcquire(shared_memory->lock, LW_EXCLUSIVE);
    OperationLanes* added = find_operation(key);
    for (int probe = 0; added == nullptr && probe < most_operations; ++probe) {
        OperationLanes& entry = slot_of(key, probe);
        if (entry.key == 0) {
            reset(entry.ready);
            entry.database = MyDatabaseId;
            pg_write_barrier();
            entry.key = key;
            added = &entry;
        }
    }
    LWLockRelease(shared_memory->lock);
    return added;
}

void know_database() {
    own_lanes();
}

void arrive_at_lanes(const LaneArrivals& arrivals) noexcept {
    DatabaseLanes* queue = own_lanes();
    if (queue == nullptr) {
        return;
    }
    SpinLockAcquire(&queue->mutex);
    arrive(queue->ready, *arrivals.ready);
    arrive(queue->later, *arrivals.later);
    for (int i = 0; i < arrivals.operation_count; ++i) {
        arrive(arrivals.operations[i].lanes->ready, *arrivals.operations[i].ready);
    }
    if (arrivals.any_operation) {
        reset_operations(queue->database);
    }
    SpinLockRelease(&queue->mutex);
}

Lane::Start announced_ready_start(int priority, OperationLanes* operation) {
    const int i = priority - lowest_priority;
    return with_lanes(from_the_first, [&](DatabaseLanes& queue) {
        if (operation == nullptr) {
            return queue.ready[i].start();
        }
        const auto own = operation->ready[i].start();
        return Lane::Start{own.from, own.arrivals};
    });
}

void advance_ready(int priority, OperationLanes* operation, const Lane::Start& start, Lane::Place place) {
    if (IsolationUsesXactSnapshot()) {
        return; // an old snapshot does not show what is there
    }
    const int i = priority - lowest_priority;
    with_lanes(0, [&](DatabaseLanes& queue) {
        if (operation == nullptr) {
            queue.ready[i].advance(start, place);
        } else {
            operation->ready[i].advance({start.from, start.arrivals}, place);
        }
        return 0;
    });
}

Lane::Start announced_later_start(int priority) {
    return with_lanes(from_the_first,
                      [&](DatabaseLanes& queue) { return queue.later[priority - lowest_priority].start(); });
}

void advance_later(int priority, const Lane::Start& start, TimestampTz place) {
    if (IsolationUsesXactSnapshot()) {
        return;
    }
    with_lanes(0, [&](DatabaseLanes& queue) {
        queue.later[priority - lowest_priority].advance(start, place);
        return 0;
    });
}

void announce_ready(int priority, Lane::Place turn) {
    with_lanes(0, [&](DatabaseLanes& queue) {
        queue.ready[priority - lowest_priority].arrive(turn);
        reset_operations(queue.database);
        return 0;
    });
    wake_all_waiters();
}

void announce_later(int priority, TimestampTz ready_at) {
    with_lanes(0, [&](DatabaseLanes& queue) {
        queue.later[priority - lowest_priority].arrive(ready_at);
        return 0;
    });
    if (ready_at <= GetCurrentTimestamp()) {
        wake_all_waiters();
    }
}

void forget_operations() {
    with_lanes(0, [](DatabaseLanes& queue) {
        reset_operations(queue.database);
        return 0;
    });
}

std::int64_t current_turn(int priority, const OperationLanes* operation) {
    const int i = priority - lowest_priority;
    return with_lanes(std::int64_t{-1}, [&](DatabaseLanes& queue) {
        return operation == nullptr ? queue.current[i] : operation->current[i];
    });
}

void raise_current_turn(int priority, OperationLanes* operation, std::int64_t turn) {
    const int i = priority - lowest_priority;
    with_lanes(0, [&](DatabaseLanes& queue) {
        queue.current[i] = std::max(queue.current[i], turn);
        if (operation != nullptr) {
            operation->current[i] = std::max(operation->current[i], turn);
        }
        return 0;
    });
}

std::uint64_t next_arrival() {
    DatabaseLanes* queue = own_lanes();
    return queue == nullptr ? 0 : pg_atomic_fetch_add_u64(&queue->arrivals, 1);
}

void wake_next_waiter(const std::uint64_t* operations, int count) {
    const TimestampTz now = GetCurrentTimestamp();
    const bool due = with_lanes(true, [now](DatabaseLanes& queue) {
        for (int i = 0; i < lane_count; ++i) {
            if (queue.ready[i].start().from < Lane::last || queue.later[i].start().from <= now) {
                return true;
            }
        }
        return false;
    });
    if (!due) {
        return;
    }
    Arrivals some{0, 1};
    if (operations == nullptr) {
        wake_waiters(&some, 1);
    }
    for (int i = 0; i < count; ++i) {
        Arrivals more{operations[i], 1};
        wake_waiters(&more, 1);
    }
}

} // namespace helix::queue
