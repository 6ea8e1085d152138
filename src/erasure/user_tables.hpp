// Owns: where rows of a user may be. Used within erasure/ only. Callers are within an OwnerSpi.
//
// The catalog says it: every table of helix with a column user_id. So a new table is erased without a word here, or it
// keeps the erasure from finishing where it needs more than a DELETE.
#pragma once

#include "pg/kept_rows.hpp"

namespace helix::erasure {

// A table that holds rows of users, and how they go.
struct UserTable {
    const char* name;  // schema.name, quoted
    const char* label; // as helix.erasures names it
    bool is_plain;     // rows go by a DELETE of their own; else with others, or with the sums that have them
};

struct UserTables {
    const UserTable* first;
    std::uint64_t count;

    const UserTable* begin() const { return first; }
    const UserTable* end() const { return first + count; }
};

// In the order in which they are to be emptied. Lives until the OwnerSpi ends.
UserTables user_tables();

// Whether the table has a committed row of the user.
bool has_rows(const UserTable& table, const pg_uuid_t& user);

// Whether any table has.
bool is_anything_kept(const pg_uuid_t& user);

// Removes up to 5,000 rows of the user, but for those that somebody else has locked. Returns how many.
std::uint64_t remove_rows(const UserTable& table, const pg_uuid_t& user);

// Until the OwnerSpi ends, rows of a user are looked for by index: a user who has much, or had it, would be looked for
// in the whole table.
void plan_by_index();

} // namespace helix::erasure
