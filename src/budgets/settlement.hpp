// Owns: replacing a reservation by what was spent. Offered to every feature.
#pragma once

#include "pg/prelude.hpp"

namespace helix::budgets {

// What a reservation set aside, and when: that time decides in which period it counts. Plain data.
struct Reserved {
    TimestampTz at;
    Datum amount_usd;
};

// Whose a reservation is. Only the queue settles its own.
enum class Holder { caller, queue };

// What is settled: user and operation as they are recorded.
struct Settlement {
    const pg_uuid_t& reservation;
    const pg_uuid_t& user;
    std::string_view operation;
    Holder holder = Holder::caller;
    bool must_exist = true; // warns where a caller's reservation is gone
};

// Deletes the reservation, in the transaction that records the cost, and returns what it held. Returns none where it is
// gone (expired, settled, released): the money is spent all the same. Raises 22023 where it is of another user or
// operation, and locks nothing of theirs.
std::optional<Reserved> settle(const Settlement& settlement);

} // namespace helix::budgets
