#include "pg/prelude.hpp"

#include "budgets/expiry.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"

namespace helix::budgets {

namespace {

// Skips a reservation that is just being settled: it is locked.
pg::Statement delete_expired(R"(
    DELETE FROM helix_internal.budget_reservations
     WHERE id = ANY (ARRAY(SELECT r.id FROM helix_internal.budget_reservations r
                            WHERE r.expires_at <= pg_catalog.clock_timestamp()
                              FOR UPDATE SKIP LOCKED)))");

} // namespace

std::uint64_t expire_reservations() {
    return delete_expired.execute();
}

HELIX_FUNCTION(helix_expire_reservations) {
    pg::OwnerSpi spi;
    const auto count = expire_reservations();
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(count));
}

} // namespace helix::budgets
