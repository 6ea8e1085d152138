// Collects the changes of a transaction, and publishes them at its end.
#include "pg/prelude.hpp"

#include "queue/lane_changes.hpp"

#include "queue/waiters.hpp"

namespace helix::queue {

namespace {

constexpr int most_changed = 32; // operations in one transaction

struct OperationChanges {
    std::uint64_t key;
    OperationLanes* lanes; // null where too many operations are known
    LanePlaces ready;
    LanePlaces taken;
    int ready_count;
    int taken_count;
};

// What this transaction fills (ready, later) and empties (taken, no longer later).
struct Changes {
    bool any;
    bool too_many;
    int operation_count;
    LanePlaces ready;
    LanePlaces later;
    LanePlaces taken;
    LanePlaces no_longer_later;
    OperationChanges operations[most_changed];
};
Changes changes;

void forget_changes() {
    for (auto* places : {&changes.ready, &changes.later, &changes.taken, &changes.no_longer_later}) {
        places->clear();
    }
    changes.operation_count = 0;
    changes.too_many = false;
    changes.any = false;
}

void begin_changes() {
    know_database();
    changes.any = true;
}

// Null where the transaction concerns too many operations.
OperationChanges* changes_of(Datum operation_id) {
    begin_changes();
    const std::uint64_t key = key_of_operation(operation_id);
    for (int i = changes.operation_count - 1; i >= 0; --i) {
        if (changes.operations[i].key == key) {
            return &changes.operations[i];
        }
    }
    if (changes.operation_count == most_changed) {
        changes.too_many = true;
        return nullptr;
    }
    OperationChanges& added = changes.operations[changes.operation_count];
    added.key = key;
    added.lanes = known_lanes_of_operation(key);
    added.ready.clear();
    added.taken.clear();
    added.ready_count = 0;
    added.taken_count = 0;
    ++changes.operation_count;
    return &added;
}

// At a transaction's end nothing may fail: a spinlock, stores and latches, nothing else.
void publish(bool committed) noexcept {
    OperationArrivals operations[most_changed];
    int count = 0;
    for (int i = 0; i < changes.operation_count; ++i) {
        const OperationChanges& change = changes.operations[i];
        if (change.lanes != nullptr) {
            operations[count++] = {change.lanes, committed ? &change.ready : &change.taken};
        }
    }
    arrive_at_lanes({.ready = committed ? &changes.ready : &changes.taken,
                     .later = committed ? &changes.later : &changes.no_longer_later,
                     .operations = operations,
                     .operation_count = count,
                     .any_operation = changes.too_many});
}

void wake(bool committed) noexcept {
    if (changes.too_many) {
        wake_all_waiters();
        return;
    }
    Arrivals arrivals[most_changed];
    int count = 0;
    for (int i = 0; i < changes.operation_count; ++i) {
        const OperationChanges& change = changes.operations[i];
        const int ready = committed ? change.ready_count : std::min(change.taken_count, 1);
        if (ready > 0) {
            arrivals[count++] = {change.key, ready};
        }
    }
    wake_waiters(arrivals, count);
}

void end_changes(bool committed) noexcept {
    publish(committed);
    wake(committed);
    forget_changes();
}

void on_transaction_event(XactEvent event, void*) {
    if (event == XACT_EVENT_ABORT) {
        end_waiting();
    }
    if (!changes.any) {
        return;
    }
    switch (event) {
    case XACT_EVENT_COMMIT:
        end_changes(true);
        break;
    case XACT_EVENT_ABORT:
        end_changes(false);
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
        publish(false); // perhaps more than it took: looking too far back is safe
        wake(false);
    }
}

Lane::Place own_first(int priority, const OperationLanes* operation) {
    const int i = priority - lowest_priority;
    if (operation == nullptr) {
        return changes.ready.first[i];
    }
    Lane::Place first = Lane::last;
    for (int change = 0; change < changes.operation_count; ++change) {
        if (changes.operations[change].lanes == operation) {
            first = changes.operations[change].ready.first[i];
        }
    }
    return first;
}

} // namespace

void initialize_lane_changes() {
    forget_changes();
    RegisterXactCallback(on_transaction_event, nullptr);
    RegisterSubXactCallback(on_subtransaction_event, nullptr);
}

void mark_ready(int priority, Datum operation_id, Lane::Place turn) {
    if (OperationChanges* change = changes_of(operation_id)) {
        change->ready.note(priority, turn);
        ++change->ready_count;
    }
    changes.ready.note(priority, turn);
}

void mark_later(int priority, Datum operation_id, TimestampTz ready_at) {
    OperationChanges* change = changes_of(operation_id);
    if (change != nullptr && ready_at <= GetCurrentTimestamp()) {
        ++change->ready_count; // who is woken gives it its turn
    }
    changes.later.note(priority, ready_at);
}

void mark_taken(int priority, Datum operation_id, Lane::Place turn) {
    if (OperationChanges* change = changes_of(operation_id)) {
        change->taken.note(priority, turn);
        ++change->taken_count;
    }
    changes.taken.note(priority, turn);
}

void mark_no_longer_later(int priority, TimestampTz ready_at) {
    begin_changes();
    changes.no_longer_later.note(priority, ready_at);
}

void mark_left(int priority, Datum operation_id, std::optional<Lane::Place> turn, TimestampTz ready_at) {
    if (turn) {
        mark_taken(priority, operation_id, *turn);
    } else {
        mark_no_longer_later(priority, ready_at);
    }
}

void mark_all_lanes() {
    begin_changes();
    for (int priority = lowest_priority; priority <= highest_priority; ++priority) {
        changes.ready.note(priority, Lane::first);
        changes.later.note(priority, Lane::first);
    }
    changes.too_many = true;
}

// What this transaction has made ready itself is not announced yet.
Lane::Start ready_start(int priority, OperationLanes* operation) {
    auto start = announced_ready_start(priority, operation);
    start.from = std::min(start.from, own_first(priority, operation));
    return start;
}

Lane::Start later_start(int priority) {
    auto start = announced_later_start(priority);
    start.from = std::min(start.from, changes.later.first[priority - lowest_priority]);
    return start;
}

} // namespace helix::queue
