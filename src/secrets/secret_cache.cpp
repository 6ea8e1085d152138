// The shared memory in which op:// secrets are kept, asked for, and wiped.
#include "pg/prelude.hpp"

#include "secrets/secret_cache.hpp"

#include "config.hpp"
#include "pg/error_text.hpp"
#include "pg/shared_memory.hpp"

#include <cstring>
#include <sys/mman.h>

extern "C" {
#include "storage/latch.h"
}

namespace helix::secrets {

namespace {

using Secrets = char[most_entries][Secret::longest];

Shared* shared_memory = nullptr;
Secrets* secrets = nullptr; // made before the first fork, so that it is at one address everywhere

constexpr TimestampTz failures_are_shown_us = 10 * USECS_PER_MINUTE;

std::size_t bytes() {
    return sizeof(Shared);
}

// Again after a crash, when whoever held a lock may have left anything behind.
void attach(void* memory, LWLock* lock, bool is_new) {
    shared_memory = static_cast<Shared*>(memory);
    if (is_new) {
        explicit_bzero(secrets, sizeof(Secrets));
        shared_memory->lock = lock;
        ConditionVariableInit(&shared_memory->answered);
    }
}

constexpr pg::SharedArea area = {"helix secrets", bytes, attach};

char* secret_of(const Entry& entry) {
    return (*secrets)[&entry - shared_memory->entries];
}

void wipe(Entry& entry) {
    explicit_bzero(secret_of(entry), Secret::longest);
    entry.length = 0;
}

void release(Entry& entry) {
    wipe(entry);
    entry = Entry{};
}

Entry* find(std::string_view reference) {
    for (auto& entry : shared_memory->entries) {
        if (entry.reference[0] != '\0' && reference == entry.reference) {
            return &entry;
        }
    }
    return nullptr;
}

// A free entry, else the one that is missed least: without a secret, or longest unused. Null where all are asked for.
Entry* make_room() {
    Entry* least = nullptr;
    const auto rank = [](Entry& entry) { return std::pair(entry.length > 0, pg_atomic_read_u64(&entry.used_at)); };
    for (auto& entry : shared_memory->entries) {
        if (entry.reference[0] == '\0') {
            return &entry;
        }
        if (!entry.wanted && (least == nullptr || rank(entry) < rank(*least))) {
            least = &entry;
        }
    }
    if (least != nullptr) {
        release(*least);
    }
    return least;
}

// Gives what is known: the secret while it may be used, else why there is none. True where nobody has to be asked.
bool is_known(Entry& entry, TimestampTz now, Finding& finding) {
    const bool usable = entry.length > 0 && now < usable_until(entry);
    const bool fresh = usable && now < fresh_until(entry);
    const bool pausing = now < entry.retry_at;
    pg_atomic_write_u64(&entry.used_at, static_cast<std::uint64_t>(now));
    if (usable) {
        finding.answer.set(Outcome::found, {secret_of(entry), entry.length});
    } else if (pausing) {
        finding.answer.set(entry.outcome, entry.reason);
    } else {
        finding.answer.length = 0;
    }
    finding.found = fresh ? Found::fresh : !pausing ? Found::waiting : usable ? Found::stale : Found::failed;
    return finding.found != Found::waiting;
}

void ask_for(Entry& entry, TimestampTz now) {
    if (!entry.wanted) {
        entry.wanted = true;
        entry.asked_at = now;
    }
}

void wake_keeper() {
    const auto keeper = pg_atomic_read_u32(&shared_memory->keeper);
    if (keeper != 0) {
        SetLatch(pg::latch_of(static_cast<int>(keeper) - 1));
    }
}

} // namespace

void initialize_secret_cache() {
    void* memory = mmap(nullptr, sizeof(Secrets), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        ereport(FATAL, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not map memory for secrets: %m")));
    }
    madvise(memory, sizeof(Secrets), MADV_DONTDUMP);
    if (mlock(memory, sizeof(Secrets)) != 0) {
        ereport(DEBUG1, (errmsg("helix's secrets may be swapped out: %m"),
                         errhint("Raise the limit of locked memory (ulimit -l) by 1 MB.")));
    }
    secrets = static_cast<Secrets*>(memory);
    pg::request_shared_area(area);
}

Shared& shared() {
    return *shared_memory;
}

TimestampTz fresh_until(const Entry& entry) {
    return entry.fetched_at + config::secret_cache_ttl_s * USECS_PER_SEC;
}

TimestampTz usable_until(const Entry& entry) {
    return fresh_until(entry) + config::secret_grace_s * USECS_PER_SEC;
}

Finding::~Finding() {
    explicit_bzero(answer.bytes, sizeof(answer.bytes));
}

void look_up(std::string_view reference, Finding& finding) {
    auto& memory = shared();
    const TimestampTz now = GetCurrentTimestamp();
    LWLockAcquire(memory.lock, LW_SHARED);
    Entry* entry = find(reference);
    const bool known = entry != nullptr && is_known(*entry, now, finding);
    LWLockRelease(memory.lock);
    if (known) {
        return;
    }
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    entry = find(reference);
    if (entry == nullptr && (entry = make_room()) != nullptr) {
        reference.copy(entry->reference, longest_reference);
        entry->ticket = ++memory.tickets;
    }
    if (entry == nullptr) {
        finding.found = Found::full;
    } else if (!is_known(*entry, now, finding)) {
        ask_for(*entry, now);
        if (finding.answer.length > 0 &&
            entry->failed_at != 0) { // an outage is known: nobody waits for what may not come
            finding.found = Found::stale;
        }
    }
    LWLockRelease(memory.lock);
    wake_keeper();
}

bool ask_again(std::string_view reference) {
    auto& memory = shared();
    const TimestampTz now = GetCurrentTimestamp();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    Entry* entry = find(reference);
    const bool asks = entry != nullptr && entry->length > 0 &&
                      now - std::max(entry->fetched_at, entry->refreshed_at) >= USECS_PER_MINUTE;
    if (asks) {
        entry->refreshed_at = now;
        ask_for(*entry, now);
    }
    LWLockRelease(memory.lock);
    if (asks) {
        wake_keeper();
    }
    return asks;
}

bool is_asked(std::string_view reference) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_SHARED);
    const Entry* entry = find(reference);
    const bool asked = entry != nullptr && entry->wanted;
    LWLockRelease(memory.lock);
    return asked;
}

bool forget(std::string_view reference) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    Entry* entry = find(reference);
    if (entry != nullptr && entry->wanted) { // who waits for it gets what is read from now on
        wipe(*entry);
        entry->ticket = ++memory.tickets;
    } else if (entry != nullptr) {
        release(*entry);
    }
    LWLockRelease(memory.lock);
    return entry != nullptr;
}

bool next_errand(Errand& errand) {
    auto& memory = shared();
    const Entry* first = nullptr;
    LWLockAcquire(memory.lock, LW_SHARED);
    for (const auto& entry : memory.entries) {
        if (entry.wanted && (first == nullptr || entry.asked_at < first->asked_at)) {
            first = &entry;
        }
    }
    if (first != nullptr) {
        errand.entry = static_cast<std::size_t>(first - memory.entries);
        errand.ticket = first->ticket;
        strlcpy(errand.reference, first->reference, sizeof(errand.reference));
    }
    LWLockRelease(memory.lock);
    return first != nullptr;
}

void settle(const Errand& errand, const Answer& answer, TimestampTz retry_at) {
    auto& memory = shared();
    const TimestampTz now = GetCurrentTimestamp();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    auto& entry = memory.entries[errand.entry];
    if (entry.ticket == errand.ticket) {
        entry.wanted = false;
        entry.outcome = answer.outcome;
        entry.retry_at = retry_at;
        if (answer.outcome == Outcome::found) {
            wipe(entry);
            memcpy(secret_of(entry), answer.bytes, answer.length);
            entry.length = answer.length;
            entry.fetched_at = now;
            entry.failed_at = 0;
        } else {
            pg::copy_error(entry.reason, sizeof(entry.reason), answer.view());
            entry.failed_at = now;
            if (answer.outcome == Outcome::not_found) {
                wipe(entry);
            }
        }
    }
    LWLockRelease(memory.lock);
    ConditionVariableBroadcast(&memory.answered);
}

long expire() {
    auto& memory = shared();
    const TimestampTz now = GetCurrentTimestamp();
    TimestampTz next = now + USECS_PER_MINUTE;
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    for (auto& entry : memory.entries) {
        if (entry.reference[0] == '\0' || entry.wanted) {
            continue;
        }
        const bool has_ended = entry.length > 0 && now >= usable_until(entry);
        if (has_ended) {
            wipe(entry);
        }
        if (entry.length > 0) {
            next = std::min(next, usable_until(entry));
        } else if (now >= std::max(entry.retry_at, entry.failed_at + failures_are_shown_us)) {
            release(entry);
        }
    }
    LWLockRelease(memory.lock);
    return TimestampDifferenceMilliseconds(now, next) + 1;
}

void forgive() {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    for (auto& entry : memory.entries) {
        entry.retry_at = 0;
    }
    LWLockRelease(memory.lock);
}

} // namespace helix::secrets
