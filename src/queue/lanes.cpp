// The lanes in shared memory: commits and aborts move them back, claims move them on, and arrivals wake waiters.
#include "pg/prelude.hpp"

#include "queue/lanes.hpp"

#include "pg/guard.hpp"
#include "pg/shared_memory.hpp"

extern "C" {
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "storage/latch.h"
#include "storage/spin.h"
}

namespace helix::queue {

namespace {

constexpr int most_databases = 64; // the claims of further ones have no hints
constexpr int lane_count = highest_priority - lowest_priority + 1;

struct DatabaseQueue {
    Oid database; // never given back: the entry of a dropped database costs nothing else
    slock_t mutex;
    ConditionVariable arrivals;     // for those that claim any
    ConditionVariable all_arrivals; // for workers that claim only some operations
    Lane lanes[lane_count];
};

struct Shared {
    LWLock* lock; // while an entry is handed out
    DatabaseQueue databases[most_databases];
};

Shared* shared_memory = nullptr;
ConditionVariable* waits_for = nullptr;

// The first place in each lane that this transaction fills (ready) or empties (taken).
struct Changes {
    Lane::Place ready[lane_count];
    Lane::Place taken[lane_count];
    int ready_count;
    bool any;
};
Changes changes;

void forget_changes() {
    std::fill(std::begin(changes.ready), std::end(changes.ready), Lane::last);
    std::fill(std::begin(changes.taken), std::end(changes.taken), Lane::last);
    changes.ready_count = 0;
    changes.any = false;
}

void attach(void* memory, LWLock* lock, bool is_new) {
    shared_memory = static_cast<Shared*>(memory);
    if (!is_new) {
        return;
    }
    shared_memory->lock = lock;
    for (auto& entry : shared_memory->databases) {
        SpinLockInit(&entry.mutex);
        ConditionVariableInit(&entry.arrivals);
        ConditionVariableInit(&entry.all_arrivals);
        for (auto& lane : entry.lanes) {
            lane.reset();
        }
    }
}

constexpr pg::SharedArea area = {"helix queue", [] { return sizeof(Shared); }, attach};

// Null where too many databases have queues.
DatabaseQueue* own_queue() {
    static DatabaseQueue* own = nullptr;
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

Lane& lane_of(DatabaseQueue& queue, int priority) {
    return queue.lanes[priority - lowest_priority];
}

// At a transaction's end nothing may fail: a spinlock, stores and latches, nothing else.
void publish(const Lane::Place (&places)[lane_count]) noexcept {
    DatabaseQueue* queue = own_queue(); // known already, since the change was noted
    if (queue == nullptr) {
        return;
    }
    SpinLockAcquire(&queue->mutex);
    for (int i = 0; i < lane_count; ++i) {
        if (places[i] != Lane::last) {
            queue->lanes[i].arrive(places[i]);
        }
    }
    SpinLockRelease(&queue->mutex);
}

void wake(int count) noexcept {
    DatabaseQueue* queue = own_queue();
    if (queue == nullptr || count == 0) {
        return;
    }
    if (count == 1) {
        ConditionVariableSignal(&queue->arrivals);
    } else {
        ConditionVariableBroadcast(&queue->arrivals);
    }
    ConditionVariableBroadcast(&queue->all_arrivals);
}

void on_transaction_event(XactEvent event, void*) {
    if (!changes.any) {
        return;
    }
    switch (event) {
    case XACT_EVENT_COMMIT:
        publish(changes.ready);
        wake(changes.ready_count);
        forget_changes();
        break;
    case XACT_EVENT_ABORT:
        publish(changes.taken);
        wake(1);
        forget_changes();
        break;
    case XACT_EVENT_PREPARE:
        forget_changes(); // the worker finds what COMMIT PREPARED brings
        break;
    default:
        break;
    }
}

void on_subtransaction_event(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    if (event == SUBXACT_EVENT_ABORT_SUB && changes.any) {
        publish(changes.taken); // perhaps more than it took: looking too far back is safe
        wake(1);
    }
}

} // namespace

void initialize_lanes() {
    forget_changes();
    pg::request_shared_area(area);
    RegisterXactCallback(on_transaction_event, nullptr);
    RegisterSubXactCallback(on_subtransaction_event, nullptr);
}

void mark_ready(int priority, TimestampTz ready_at) {
    own_queue();
    auto& place = changes.ready[priority - lowest_priority];
    place = std::min<Lane::Place>(place, ready_at);
    ++changes.ready_count;
    changes.any = true;
}

void mark_taken(int priority, TimestampTz ready_at) {
    own_queue();
    auto& place = changes.taken[priority - lowest_priority];
    place = std::min<Lane::Place>(place, ready_at);
    changes.any = true;
}

Lane::Start lane_start(int priority) {
    DatabaseQueue* queue = own_queue();
    if (queue == nullptr) {
        return {Lane::first, 0};
    }
    SpinLockAcquire(&queue->mutex);
    const auto start = lane_of(*queue, priority).start();
    SpinLockRelease(&queue->mutex);
    return start;
}

void advance_lane(int priority, const Lane::Start& start, TimestampTz place) {
    DatabaseQueue* queue = own_queue();
    if (queue == nullptr || IsolationUsesXactSnapshot()) {
        return; // an old snapshot does not show what is there
    }
    SpinLockAcquire(&queue->mutex);
    lane_of(*queue, priority).advance(start, place);
    SpinLockRelease(&queue->mutex);
}

void announce(int priority, TimestampTz place) {
    if (DatabaseQueue* queue = own_queue()) {
        SpinLockAcquire(&queue->mutex);
        lane_of(*queue, priority).arrive(place);
        SpinLockRelease(&queue->mutex);
        wake(2);
    }
}

void begin_waiting(WaitFor what) {
    if (DatabaseQueue* queue = own_queue()) {
        waits_for = what == WaitFor::some_operations ? &queue->all_arrivals : &queue->arrivals;
        ConditionVariablePrepareToSleep(waits_for);
    }
}

void wait_for_ready(long timeout_ms) {
    if (own_queue() != nullptr) {
        ConditionVariableTimedSleep(waits_for, timeout_ms, PG_WAIT_EXTENSION);
    } else {
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, std::min(timeout_ms, 100L),
                  PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void end_waiting() {
    ConditionVariableCancelSleep();
}

void wake_next_waiter() {
    const TimestampTz now = GetCurrentTimestamp();
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        if (lane_start(priority).from <= now) {
            wake(1);
            return;
        }
    }
}

} // namespace helix::queue
