// Owns: the locks under which budgets are defined and spent. Used within budgets/, and by the queue, which has them
// through reservation.hpp. Callers are within an OwnerSpi.
//
// The locks are in memory until the transaction ends, as advisory locks are, in a space of their own. So nobody writes
// a row that others need, and no snapshot matters. A scope (a user or a group) is shared by whoever reserves in it, so
// that those who change its limits wait. A hard limit belongs to one reserver at a time. Every reserver takes the
// scopes first, then the limits in the order of their ids, so none waits in a circle.
#pragma once

#include "pg/prelude.hpp"

namespace helix::budgets {

// What somebody wants to spend money on.
struct Wanted {
    pg_uuid_t user_id;
    Datum operation_id; // text
    Datum metadata = 0; // jsonb: the values that it has of dimensions; 0: none

    bool has_no_metadata() const { return metadata == 0; }
};

// The hard limits that a call has locked. Plain data.
struct LockedLimits {
    bool any_limit; // hard or soft
    int count;
    std::uint64_t* keys;
};

// Waits until no other transaction reserves in a hard limit that applies to any of `wanted`, then has those limits.
LockedLimits lock_limits(const Wanted* wanted, int count);

// Gives limits back before the transaction ends, where nothing has been reserved under them. They were taken within a
// subtransaction that has ended without an error (pg::try_for_lock).
void unlock_limits(const LockedLimits& locked);

// Waits until no other transaction reserves in the scope, and makes others wait.
void lock_scope(const pg_uuid_t& id);

// Waits until no other transaction reserves in any group or moves one, and makes others wait.
void lock_tree();

} // namespace helix::budgets
