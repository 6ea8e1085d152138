// The list of waiting claims: in the order in which they began to wait, each with the operations that it wants.
#include "pg/prelude.hpp"

#include "queue/waiters.hpp"

#include "pg/shared_memory.hpp"

extern "C" {
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/spin.h"
}

namespace helix::queue {

namespace {

constexpr int nobody = -1;
constexpr int woken_at_once = 32;

struct Waiter {
    Oid database;
    int next;
    int previous;
    bool listed;
    int wanted; // operations; -1: any
    std::uint64_t operations[most_awaited];
};

struct Shared {
    slock_t mutex;
    int first;
    int last;
    Waiter waiters[FLEXIBLE_ARRAY_MEMBER]; // by the process's number
};

Shared* shared_memory = nullptr;
bool has_waited = false;

void attach(void* memory, LWLock*, bool is_new) {
    shared_memory = static_cast<Shared*>(memory);
    if (is_new) {
        SpinLockInit(&shared_memory->mutex);
        shared_memory->first = nobody;
        shared_memory->last = nobody;
    }
}

std::size_t bytes() {
    return offsetof(Shared, waiters) + sizeof(Waiter) * static_cast<std::size_t>(MaxBackends);
}

constexpr pg::SharedArea area = {"helix waiters", bytes, attach};

// The caller has the mutex in all of these.
int& link_to(int neighbor, bool forward) {
    if (neighbor == nobody) {
        return forward ? shared_memory->first : shared_memory->last;
    }
    return forward ? shared_memory->waiters[neighbor].next : shared_memory->waiters[neighbor].previous;
}

void append(int number) {
    Waiter& waiter = shared_memory->waiters[number];
    waiter.previous = shared_memory->last;
    waiter.next = nobody;
    link_to(shared_memory->last, true) = number;
    shared_memory->last = number;
    waiter.listed = true;
}

void remove(int number) {
    Waiter& waiter = shared_memory->waiters[number];
    link_to(waiter.previous, true) = waiter.next;
    link_to(waiter.next, false) = waiter.previous;
    waiter.listed = false;
}

bool wants(const Waiter& waiter, std::uint64_t operation) {
    if (waiter.wanted < 0 || operation == 0) {
        return waiter.wanted < 0;
    }
    if (waiter.wanted > most_awaited) {
        return true;
    }
    const auto* const end = waiter.operations + waiter.wanted;
    return std::find(waiter.operations, end, operation) != end;
}

// What the waiter is woken for; null where it wants nothing of it.
Arrivals* wanted_of(const Waiter& waiter, Arrivals* arrivals, int count) {
    for (int i = 0; i < count; ++i) {
        if (arrivals[i].count > 0 && wants(waiter, arrivals[i].operation)) {
            return &arrivals[i];
        }
    }
    return nullptr;
}

// Takes the next ones to wake out of the list; no arrivals: everyone. Returns how many. Latches are set without the
// mutex.
int take_next(Arrivals* arrivals, int count, int (&taken)[woken_at_once]) noexcept {
    int found = 0;
    SpinLockAcquire(&shared_memory->mutex);
    for (int number = shared_memory->first; number != nobody && found < woken_at_once;) {
        const Waiter& waiter = shared_memory->waiters[number];
        const int next = waiter.next;
        Arrivals* const cause = arrivals == nullptr ? nullptr : wanted_of(waiter, arrivals, count);
        if (waiter.database == MyDatabaseId && (arrivals == nullptr || cause != nullptr)) {
            if (cause != nullptr) {
                --cause->count;
            }
            remove(number);
            taken[found++] = number;
        }
        number = next;
    }
    SpinLockRelease(&shared_memory->mutex);
    return found;
}

void wake(Arrivals* arrivals, int count) noexcept {
    int taken[woken_at_once];
    int found = woken_at_once;
    while (found == woken_at_once) {
        found = take_next(arrivals, count, taken);
        for (int i = 0; i < found; ++i) {
            SetLatch(pg::latch_of(taken[i]));
        }
    }
}

bool listed() {
    SpinLockAcquire(&shared_memory->mutex);
    const bool is_listed = shared_memory->waiters[pg::process_number()].listed;
    SpinLockRelease(&shared_memory->mutex);
    return is_listed;
}

void leave() noexcept {
    if (!has_waited) {
        return; // perhaps this process has no number
    }
    const int number = pg::process_number();
    SpinLockAcquire(&shared_memory->mutex);
    if (shared_memory->waiters[number].listed) {
        remove(number);
    }
    SpinLockRelease(&shared_memory->mutex);
}

} // namespace

void initialize_waiters() {
    pg::request_shared_area(area);
}

void wake_waiters(Arrivals* arrivals, int count) noexcept {
    if (count > 0) {
        wake(arrivals, count);
    }
}

void wake_all_waiters() noexcept {
    wake(nullptr, 0);
}

void begin_waiting(const std::uint64_t* operations, int count) {
    if (!has_waited) {
        before_shmem_exit([](int, Datum) { leave(); }, 0);
        has_waited = true;
    }
    const int number = pg::process_number();
    Waiter& waiter = shared_memory->waiters[number];
    SpinLockAcquire(&shared_memory->mutex);
    if (waiter.listed) {
        remove(number); // an error has ended the wait before
    }
    waiter.database = MyDatabaseId;
    waiter.wanted = operations == nullptr ? -1 : count;
    std::copy_n(operations, operations == nullptr ? 0 : std::min(count, most_awaited), waiter.operations);
    append(number);
    SpinLockRelease(&shared_memory->mutex);
}

void wait_until_woken(long timeout_ms) {
    const TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
    while (listed()) {
        const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
        if (left <= 0) {
            return;
        }
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void end_waiting() {
    leave();
}

} // namespace helix::queue
