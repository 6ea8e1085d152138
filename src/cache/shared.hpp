// Owns: the shared memory of the cache. Backends reserve and report there when they commit, the ring carries that to
// the invalidator, and the invalidator shows its state. Used within cache/ only.
#pragma once

#include "core/cache/byte_ring.hpp"
#include "pg/prelude.hpp"

extern "C" {
#include "port/atomics.h"
#include "storage/lwlock.h"
}

namespace helix::cache {

// How far a process's latest commit that makes something stale is. It is one atomic word together with the commit's
// number, so that COMMIT and ABORT only store.
enum class Outcome : std::uint64_t { none, undecided, committed, rolled_back };

struct Reservation {
    pg_atomic_uint64 state;       // word() of the latest commit
    pg_atomic_uint64 reserved_at; // TimestampTz; valid while undecided

    static std::uint64_t word(std::uint64_t number, Outcome outcome) {
        return number << outcome_bits | static_cast<std::uint64_t>(outcome);
    }
    static std::uint64_t number_in(std::uint64_t word) { return word >> outcome_bits; }
    static Outcome outcome_in(std::uint64_t word) { return static_cast<Outcome>(word & ((1U << outcome_bits) - 1)); }

  private:
    static constexpr int outcome_bits = 2;
};

enum class State : std::uint32_t { off, connecting, up, down };

struct Shared {
    LWLock* lock; // of the ring, address, last_error, connected_since

    pg_atomic_uint32 invalidator;       // number of its process + 1; 0: none runs
    pg_atomic_uint32 idle;              // it sleeps and wants to be woken
    pg_atomic_uint32 enabled;           // helix.redis_url is set
    pg_atomic_uint32 everything;        // something was committed that the ring has no room for
    pg_atomic_uint32 state;             // State
    pg_atomic_uint64 enabled_since;     // TimestampTz
    pg_atomic_uint64 connection;        // grows with each connection of the invalidator; sessions then connect anew
    pg_atomic_uint64 paused_until;      // circuit breaker of the cache functions: no call before; 0: none is held back
    pg_atomic_uint32 late_answers;      // of Redis to the cache functions, in a row
    pg_atomic_uint64 oldest_unsent;     // reserved_at of the oldest commit not yet reported; 0: none
    pg_atomic_uint64 cache_lease_until; // TimestampTz, for cache_stats()

    pg_atomic_uint64 hits;
    pg_atomic_uint64 misses;
    pg_atomic_uint64 fills;
    pg_atomic_uint64 refused_fills;
    pg_atomic_uint64 invalidations;
    pg_atomic_uint64 drops;
    pg_atomic_uint64 epochs;

    TimestampTz started; // when this memory was made: at a start, and after a crash
    TimestampTz connected_since;
    int pid;
    char address[512]; // url with a numeric host
    char last_error[512];

    std::uint32_t processes;
    std::size_t ring_offset;

    Reservation* reservations() { return reinterpret_cast<Reservation*>(this + 1); }
    ByteRing& ring() { return ByteRing::at(reinterpret_cast<char*>(this) + ring_offset); }
};

// Called while the module is preloaded.
void initialize_shared_memory();

Shared& shared();

// The calling process's reservation: every backend and worker has one. Null for other processes.
Reservation* own_reservation();

inline void count(pg_atomic_uint64& counter, std::int64_t by = 1) {
    pg_atomic_fetch_add_u64(&counter, by);
}

} // namespace helix::cache
