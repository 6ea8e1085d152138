#include "pg/prelude.hpp"

#include "ledger/watermark.hpp"

#include "ledger/execution_ids.hpp"
#include "ledger/fold.hpp"
#include "ledger/relation_ids.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "utils/array.h"
#include "utils/datum.h"
}

namespace helix::ledger {

namespace {

#define HELIX_SELECT_WATERMARK                                                                                         \
    "SELECT next_xid, open_xids, base_id, system_identifier = $1 AND database = $2, shipped FROM "                     \
    "helix_internal.watermark"

constexpr std::initializer_list<Oid> origin_types{INT8OID, OIDOID};
pg::Statement select_watermark(HELIX_SELECT_WATERMARK, origin_types);
pg::Statement select_for_update(HELIX_SELECT_WATERMARK " FOR UPDATE", origin_types);
pg::Statement select_skip_locked(HELIX_SELECT_WATERMARK " FOR UPDATE SKIP LOCKED", origin_types);
pg::Statement claim_watermark("UPDATE helix_internal.watermark SET system_identifier = $1, database = $2",
                              origin_types);
pg::Statement
    select_foreign_row("SELECT 1 FROM helix_internal.executions e "
                       "WHERE e.xid >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint "
                       "AND e.xid <> pg_catalog.pg_current_xact_id()::text::bigint LIMIT 1");
pg::Statement lock_out_writers("LOCK TABLE helix_internal.executions IN SHARE ROW EXCLUSIVE MODE");

// Own rows count as in progress even after this transaction's id has fallen below next_xid: they are the next fold's.
pg::Statement select_horizon(R"(
    SELECT pg_catalog.pg_snapshot_xmax(s.now)::text::bigint,
           ARRAY(SELECT x::text::bigint FROM pg_catalog.pg_snapshot_xip(s.now) x
                 UNION
                 SELECT pg_catalog.pg_current_xact_id()::text::bigint
                  WHERE pg_catalog.pg_current_xact_id() < pg_catalog.pg_snapshot_xmax(s.now)
                  ORDER BY 1)
      FROM (SELECT pg_catalog.pg_current_snapshot() AS now) s)");

pg::Statement update_watermark(
    "UPDATE helix_internal.watermark SET next_xid = $1, open_xids = $2, folded_rows = folded_rows + $3, "
    "folded_cost_usd = folded_cost_usd + $4, folded_at = pg_catalog.clock_timestamp()",
    {INT8OID, INT8ARRAYOID, INT8OID, NUMERICOID});

pg::Statement
    update_origin("UPDATE helix_internal.watermark SET system_identifier = $1, database = $2, base_id = greatest("
                  "coalesce((SELECT pg_catalog.max(e.id) FROM helix_internal.executions e), 0), "
                  "pg_catalog.nextval('helix_internal.execution_ids'::pg_catalog.regclass)) RETURNING base_id",
                  origin_types);
pg::Statement raise_sequence("SELECT pg_catalog.setval('helix_internal.execution_ids'::pg_catalog.regclass, $1 + 1)",
                             {INT8OID});

std::array<Datum, 2> origin() {
    return {Int64GetDatum(static_cast<std::int64_t>(GetSystemIdentifier())), ObjectIdGetDatum(MyDatabaseId)};
}

enum class Snapshot { transaction, latest };

std::optional<Watermark> read(pg::Statement& statement, Snapshot snapshot = Snapshot::latest) {
    const auto here = origin();
    const auto rows =
        snapshot == Snapshot::latest ? statement.execute_latest(here.data()) : statement.execute(here.data());
    if (rows == 0) {
        return std::nullopt;
    }
    Watermark watermark{};
    watermark.folded.next_xid = DatumGetInt64(pg::column(0, 1));
    watermark.folded.open_xids = datumCopy(pg::column(0, 2), false, -1);
    watermark.base_id = DatumGetInt64(pg::column(0, 3));
    watermark.is_ours = DatumGetBool(pg::column(0, 4));
    watermark.is_fresh = DatumGetBool(pg::column(0, 5));
    return watermark;
}

// The ledger comes from a dump of another cluster or database (or through pg_upgrade): its transaction ids mean nothing
// here. Writers are locked out before the first query, so that everything there is gets folded.
void adopt() {
    if (IsolationUsesXactSnapshot()) {
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("the restored ledger cannot be adopted in a transaction with an older snapshot"),
                        errhint("Run SELECT helix.fold() in a READ COMMITTED transaction, then try again.")));
    }
    const auto here = origin();
    lock_out_writers.execute();
    const auto watermark = read(select_for_update);
    if (!watermark || watermark->is_ours) {
        return; // another session was faster
    }
    const Horizon horizon = current_horizon();
    const Horizon everything{PG_INT64_MAX, PointerGetDatum(construct_empty_array(INT8OID))};
    fold_between(*watermark, everything, horizon);
    update_origin.execute(here.data());
    const Datum base_id = pg::column(0, 1);
    raise_sequence.execute(&base_id);
    discard_ids_up_to(DatumGetInt64(base_id));
    ereport(LOG, (errmsg("helix adopted the ledger of another cluster or database in database \"%s\"",
                         get_database_name(MyDatabaseId))));
}

// The watermark is as shipped. Rows may be there all the same: those of transactions that came while another's claim
// was open, and, from a dump taken then, those of another cluster, which only an xid of this one's future gives away.
void claim() {
    if (select_foreign_row.execute_latest() > 0) {
        adopt();
    } else {
        const auto here = origin();
        claim_watermark.execute_latest(here.data());
    }
}

} // namespace

void ensure_watermark() {
    static FullTransactionId changed_by = InvalidFullTransactionId;
    if (relation_ids().watermark_is_ours) {
        return;
    }
    pg::OwnerSpi spi;
    const auto watermark = read(select_watermark);
    if (watermark && watermark->is_ours) {
        discard_ids_up_to(watermark->base_id);
        const auto current = GetTopFullTransactionIdIfAny();
        if (!FullTransactionIdIsValid(current) || !FullTransactionIdEquals(current, changed_by)) {
            remember_watermark_is_ours();
        }
    } else {
        changed_by = GetTopFullTransactionId(); // may yet be rolled back, so it is looked up again next time
        if (watermark && !watermark->is_fresh) {
            adopt();
        } else if (read(select_skip_locked)) { // else another session is just claiming it: every row is tail till it
                                               // commits
            claim();
        }
    }
    spi.finish();
}

void confirm_ids() {
    if (relation_ids().watermark_is_ours) {
        return;
    }
    pg::OwnerSpi spi;
    if (const auto watermark = read(select_watermark)) {
        discard_ids_up_to(watermark->base_id);
    }
    spi.finish();
}

std::optional<Watermark> lock_watermark(IfLocked if_locked) {
    return read(if_locked == IfLocked::wait ? select_for_update : select_skip_locked, Snapshot::transaction);
}

void advance_watermark(const Horizon& horizon, std::int64_t rows, Datum cost_usd) {
    const Datum values[] = {Int64GetDatum(horizon.next_xid), horizon.open_xids, Int64GetDatum(rows), cost_usd};
    update_watermark.execute(values);
}

Horizon current_horizon() {
    select_horizon.execute();
    return {DatumGetInt64(pg::column(0, 1)), datumCopy(pg::column(0, 2), false, -1)};
}

bool watermark_is_ours() {
    const auto watermark = read(select_watermark);
    return watermark && watermark->is_ours;
}

} // namespace helix::ledger
