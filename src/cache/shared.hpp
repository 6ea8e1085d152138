// Owns: the shared memory of the cache: what backends reserve and report when they commit, the ring that carries it to
// the invalidator, and the invalidator's state. Used within cache/ only.
#pragma once

#include "core/cache/byte_ring.hpp"
#include "pg/prelude.hpp"

extern "C" {
#include "port/atomics.h"
#include "storage/lwlock.h"
}

namespace helix::cache {

// How far a process's latest commit with invalidations is. Kept in one atomic word with the commit's number, so that
// COMMIT and ABORT only store.
enum class Outcome : std::uint64_t { none, undecided, committed, rolled_back };

struct Reservation {
    pg_atomic_uint64 state;       // number << 2 | Outcome
    pg_atomic_uint64 reserved_at; // TimestampTz; valid while undecided

    static std::uint64_t word(std::uint64_t number, Outcome outcome) {
        return number << 2 | static_cast<std::uint64_t>(outcome);
    }
};

enum class State : std::uint32_t { off, connecting, up, down };

struct Shared {
    LWLock* lock; // of the ring, address, last_error, connected_since

    pg_atomic_uint32 invalidator;   // number of its process + 1; 0: none runs
    pg_atomic_uint32 idle;          // it sleeps and wants to be woken
    pg_atomic_uint32 enabled;       // helix.redis_url is set
    pg_atomic_uint32 everything;    // something was committed that the ring has not room for
    pg_atomic_uint32 state;         // State
    pg_atomic_uint64 enabled_since; // TimestampTz
    pg_atomic_uint64 connection;    // grows with each connection of the invalidator; others follow to the same server
    pg_atomic_uint64 paused_until;  // circuit breaker of the cache functions: no call before; 0: closed
    pg_atomic_uint64 lease_until;   // TimestampTz, for cache_stats()
    pg_atomic_uint64 oldest_unsent; // reserved_at of the oldest commit not yet reported; 0: none

    pg_atomic_uint64 hits;
    pg_atomic_uint64 misses;
    pg_atomic_uint64 fills;
    pg_atomic_uint64 refused_fills;
    pg_atomic_uint64 invalidations;
    pg_atomic_uint64 drops;
    pg_atomic_uint64 epochs;

    TimestampTz connected_since;
    int pid;
    char address[512]; // url with a numeric host
    char last_error[512];

    std::uint32_t processes;
    std::size_t ring_offset;

    Reservation* reservations() { return reinterpret_cast<Reservation*>(this + 1); }
    ByteRing& ring() { return ByteRing::at(reinterpret_cast<char*>(this) + ring_offset); }
};

// While the module is preloaded.
void initialize_shared_memory();

Shared& shared();

// The calling process's reservation; null for a process that has none (there is one for every backend and worker).
Reservation* own_reservation();

inline void count(pg_atomic_uint64& counter, std::int64_t by = 1) {
    pg_atomic_fetch_add_u64(&counter, by);
}

} // namespace helix::cache
