#include "pg/prelude.hpp"

#include "budgets/settlement.hpp"

#include "budgets/reservation.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

#include <cstring>

namespace helix::budgets {

namespace {

pg::Statement remove_reservation("DELETE FROM helix_internal.budget_reservations WHERE id = $1 "
                                 "RETURNING user_id, operation_id, of_queue",
                                 {UUIDOID});

} // namespace

void settle(const pg_uuid_t& reservation, const pg_uuid_t& user, std::string_view operation, bool must_exist) {
    const Datum id = UUIDPGetDatum(&reservation);
    pg::OwnerSpi spi;
    const bool found = remove_reservation.execute_latest(&id) > 0;
    const char* const shown = DatumGetCString(DirectFunctionCall1(uuid_out, id));
    if (!found && must_exist) {
        ereport(WARNING,
                (errcode(ERRCODE_WARNING), errmsg("the reservation is gone; the cost is recorded all the same"),
                 errdetail("It was %s: expired, settled, released, or never made.", shown)));
    } else if (found && (memcmp(DatumGetUUIDP(pg::column(0, 1))->data, user.data, UUID_LEN) != 0 ||
                         pg::text_view(pg::column(0, 2)) != operation)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the reservation is of another user or operation"), errdetail("It is %s.", shown),
                        errhint("Pass the id that reserve_budget() gave for this user and operation.")));
    } else if (found && DatumGetBool(pg::column(0, 3))) {
        refuse_of_queue(shown);
    }
    spi.finish();
}

} // namespace helix::budgets
