// helix.erase_user(): asks for the erasure of a user, and says how far it is.
#include "pg/prelude.hpp"

#include "erasure/user_tables.hpp"
#include "ledger/ledger_erasure.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"

namespace helix::erasure {

namespace {

// Who asks twice at the same moment waits for the other, and gets its row.
pg::Statement insert_erasure(R"(
    INSERT INTO helix.erasures (subject_id, requested_by, requested_xid)
    VALUES ($1, $2, pg_catalog.pg_current_xact_id()::text::bigint)
        ON CONFLICT (subject_id) WHERE subject_id IS NOT NULL DO NOTHING)",
                             {UUIDOID, NAMEOID});

// The columns of erase_user().
pg::Statement select_erasure(R"(
    SELECT x.id, 'running', x.requested_at, x.erased FROM helix.erasures x WHERE x.subject_id = $1)",
                             {UUIDOID});
pg::Statement select_nothing("SELECT NULL::bigint, 'finished', NULL::timestamptz, '{}'::jsonb");

// The row's columns are those of erase_user(). False where the statement has none.
std::optional<Datum> row_of(std::uint64_t rows, TupleDesc columns) {
    return rows == 0 ? std::nullopt : std::optional<Datum>(pg::copied_row(columns));
}

std::optional<Datum> running_erasure(const pg_uuid_t& user, TupleDesc columns) {
    const Datum id = UUIDPGetDatum(&user);
    return row_of(select_erasure.execute_latest(&id), columns);
}

Datum ask_for_erasure(const pg_uuid_t& user, const char* role, TupleDesc columns) {
    const Datum values[] = {UUIDPGetDatum(&user), pg::name_datum(role)};
    insert_erasure.execute_latest(values);
    const auto row = running_erasure(user, columns);
    return row ? *row : *row_of(select_nothing.execute(), columns); // the other one has finished in between
}

} // namespace

HELIX_FUNCTION(helix_erase_user) {
    const pg_uuid_t user = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_user_id", "Pass the user's id."));
    const char* role = GetUserNameFromId(GetUserId(), false);
    TupleDesc columns = pg::result_columns(fcinfo);
    PreventCommandIfReadOnly("erase_user()");
    ledger::prepare_erasure();
    pg::OwnerSpi spi;
    plan_by_index();
    auto row = running_erasure(user, columns);
    if (!row) {
        row =
            is_anything_kept(user) ? ask_for_erasure(user, role, columns) : *row_of(select_nothing.execute(), columns);
    }
    spi.finish();
    PG_RETURN_DATUM(*row);
}

} // namespace helix::erasure
