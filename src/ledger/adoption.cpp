// The first recording in a new cluster or database: it claims the watermark, or adopts a restored ledger.
#include "pg/prelude.hpp"

#include "ledger/adoption.hpp"

#include "ledger/execution_ids.hpp"
#include "ledger/fold.hpp"
#include "ledger/relation_ids.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "utils/array.h"
}

namespace helix::ledger {

namespace {

// A row of another cluster: its transaction id is one of this cluster's future.
pg::Statement select_foreign_row(R"(
    SELECT 1 FROM helix_internal.executions e
     WHERE e.xid >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint
       AND e.xid <> pg_catalog.pg_current_xact_id()::text::bigint
     LIMIT 1)");
pg::Statement lock_out_writers("LOCK TABLE helix_internal.executions IN SHARE ROW EXCLUSIVE MODE");
pg::Statement raise_sequence("SELECT pg_catalog.setval('helix_internal.execution_ids'::pg_catalog.regclass, $1 + 1)",
                             {INT8OID});

// The ledger comes from a dump of another cluster or database, or through pg_upgrade: its transaction ids mean nothing
// here. Writers are locked out before the first query, so that the whole ledger is folded.
void adopt() {
    if (IsolationUsesXactSnapshot()) {
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("the restored ledger cannot be adopted in a transaction with an older snapshot"),
                        errhint("Run SELECT helix.fold() in a READ COMMITTED transaction, then try again.")));
    }
    lock_out_writers.execute();
    const auto watermark = lock_watermark(IfLocked::wait, Snapshot::latest);
    if (!watermark || watermark->is_ours) {
        return; // another session was faster
    }
    const Horizon horizon = current_horizon();
    const Horizon everything{PG_INT64_MAX, PointerGetDatum(construct_empty_array(INT8OID))};
    fold_between(*watermark, everything, horizon);
    const std::int64_t base_id = rebase_watermark();
    const Datum value = Int64GetDatum(base_id);
    raise_sequence.execute(&value);
    discard_ids_up_to(base_id);
    ereport(LOG, (errmsg("helix adopted the ledger of another cluster or database in database \"%s\"",
                         get_database_name(MyDatabaseId))));
}

// The watermark is as shipped, but rows may be there all the same. Some are of transactions that recorded while another
// session's claim was open. A dump that was taken then also brings rows of another cluster.
void claim_or_adopt() {
    if (select_foreign_row.execute_latest() > 0) {
        adopt();
    } else {
        claim_watermark();
    }
}

} // namespace

void ensure_watermark() {
    static FullTransactionId changed_by = InvalidFullTransactionId;
    if (relation_ids().watermark_is_ours) {
        return;
    }
    pg::OwnerSpi spi;
    const auto watermark = read_watermark();
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
        } else if (lock_watermark(IfLocked::skip, Snapshot::latest)) {
            claim_or_adopt(); // else another session is just claiming it: every row is tail until it commits
        }
    }
    spi.finish();
}

void confirm_ids() {
    if (relation_ids().watermark_is_ours) {
        return;
    }
    pg::OwnerSpi spi;
    if (const auto watermark = read_watermark()) {
        discard_ids_up_to(watermark->base_id);
    }
    spi.finish();
}

} // namespace helix::ledger
