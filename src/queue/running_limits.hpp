// Owns: how many executions of a user, and of each of their concurrency keys, run at once. Used within queue/ only.
// Callers are within an OwnerSpi and have called plan_by_index(). Raises PostgreSQL errors.
//
// Claims count what runs while they hold a lock of the key, in memory until their transaction ends. What is at a limit
// is held: its column held_key has the key (empty: the user's own limit), and no claim meets it. The end of one that
// runs takes the same lock and releases the next, so none is missed. The task of the leases finds what is missed after
// all: where the lock was not to be had in time, or the released one was cancelled.
#pragma once

#include "pg/prelude.hpp"

namespace helix::queue {

// Whose limits count.
struct LimitScope {
    pg_uuid_t user_id;
    Datum concurrency_key; // text; 0: none
};

// Whether anything is limited. Costs nothing.
bool has_running_limit(Datum concurrency_key);

enum class Room { free, full, unknown }; // unknown: somebody decides about the same key at this moment

// For an execution that was taken, and is not counted yet. Where there is no room it is held, and so is what else is
// ready of the key, up to 1,000 executions.
Room find_room(const LimitScope& scope, const pg_uuid_t& execution);

// Counts it until it runs no longer.
void count_as_running(const pg_uuid_t& execution);

// The key at whose limit others of the scope wait already; null where none does.
const char* waits_at(const LimitScope& scope);

// One of the scope runs no longer: releases as many of those that are held as there is room for.
void release_held_of(const LimitScope& scope);

// What nobody has released, of 200 keys in each pass.
void release_missed();

} // namespace helix::queue
