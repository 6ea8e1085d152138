// Settling: a reservation is deleted in the transaction that records the cost.
#include "pg/prelude.hpp"

#include "budgets/settlement.hpp"

#include "budgets/reservation.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"

namespace helix::budgets {

namespace {

// The last column is false where the reservation has expired. It has not counted since, and others may have reserved
// what it held.
pg::Statement delete_reservation(R"(
    DELETE FROM helix_internal.budget_reservations
     WHERE id = $1 AND user_id = $2 AND operation_id = $3 AND of_queue = $4
    RETURNING created_at, amount_usd, expires_at > pg_catalog.clock_timestamp())",
                                 {UUIDOID, UUIDOID, TEXTOID, BOOLOID});
struct Deleted {
    enum : int { created_at = 1, amount_usd, was_open };
};

// Whether it is the queue's, for this user and operation.
pg::Statement select_other(R"(
    SELECT user_id = $2 AND operation_id = $3 AND of_queue FROM helix_internal.budget_reservations WHERE id = $1)",
                           {UUIDOID, UUIDOID, TEXTOID});

void warn_of_gone(const pg_uuid_t& reservation) {
    ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("the reservation is gone; the cost is recorded all the same"),
                      errdetail("It was %s: expired, settled, released, or never made.", pg::uuid_text(reservation))));
}

// Where nothing could be deleted: refuses a reservation that is somebody else's. `values` are those of select_other.
void refuse_other(const pg_uuid_t& reservation, const Datum* values) {
    const char* const shown = pg::uuid_text(reservation);
    if (select_other.execute_latest(values) > 0) {
        if (DatumGetBool(pg::only_column())) {
            refuse_reservation_of_queue(shown);
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
    std::optional<Reserved> reserved;
    pg::OwnerSpi spi;
    const bool deleted = delete_reservation.execute_latest(values) > 0;
    if (deleted && DatumGetBool(pg::column(0, Deleted::was_open))) {
        reserved = {DatumGetTimestampTz(pg::column(0, Deleted::created_at)),
                    pg::copied_value(pg::column(0, Deleted::amount_usd))};
    } else if (!of_queue) {
        if (!deleted) {
            refuse_other(settlement.reservation, values);
        }
        if (settlement.must_exist) {
            warn_of_gone(settlement.reservation);
        }
    }
    spi.finish();
    return reserved;
}

} // namespace helix::budgets
