#include "pg/prelude.hpp"

#include "budgets/settlement.hpp"

#include "budgets/reservation.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"

extern "C" {
#include "utils/datum.h"
}

namespace helix::budgets {

namespace {

// What has expired has not counted since, and others may have reserved what it held.
pg::Statement remove_reservation(R"(
    DELETE FROM helix_internal.budget_reservations
     WHERE id = $1 AND user_id = $2 AND operation_id = $3 AND of_queue = $4
    RETURNING created_at, amount_usd, expires_at > pg_catalog.clock_timestamp())",
                                 {UUIDOID, UUIDOID, TEXTOID, BOOLOID});
pg::Statement select_other("SELECT user_id = $2 AND operation_id = $3 AND of_queue "
                           "FROM helix_internal.budget_reservations WHERE id = $1",
                           {UUIDOID, UUIDOID, TEXTOID});

void warn_of_gone(Datum id) {
    ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("the reservation is gone; the cost is recorded all the same"),
                      errdetail("It was %s: expired, settled, released, or never made.", pg::uuid_text(id))));
}

// There was nothing to remove: refuses one that is somebody else's.
void refuse_other(const Datum* values) {
    const char* const shown = pg::uuid_text(values[0]);
    if (select_other.execute_latest(values) > 0) {
        if (DatumGetBool(pg::column(0, 1))) {
            refuse_of_queue(shown);
        }
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the reservation is of another user or operation"), errdetail("It is %s.", shown),
                        errhint("Pass the id that reserve_budget() gave for this user and operation.")));
    }
}

} // namespace

std::optional<Reserved> settle(const Settlement& settlement) {
    const Datum operation = pg::text_datum(settlement.operation);
    const bool of_queue = settlement.holder == Holder::queue;
    const Datum values[] = {UUIDPGetDatum(&settlement.reservation), UUIDPGetDatum(&settlement.user), operation,
                            BoolGetDatum(of_queue)};
    const MemoryContext caller = CurrentMemoryContext;
    std::optional<Reserved> reserved;
    pg::OwnerSpi spi;
    const bool removed = remove_reservation.execute_latest(values) > 0;
    if (removed && DatumGetBool(pg::column(0, 3))) {
        const MemoryContext own = MemoryContextSwitchTo(caller);
        reserved = {DatumGetTimestampTz(pg::column(0, 1)), datumCopy(pg::column(0, 2), false, -1)};
        MemoryContextSwitchTo(own);
    } else if (!of_queue) {
        if (!removed) {
            refuse_other(values);
        }
        if (settlement.must_exist) {
            warn_of_gone(values[0]);
        }
    }
    spi.finish();
    return reserved;
}

} // namespace helix::budgets
