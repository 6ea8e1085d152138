// helix_internal.unfolded_usage_of: the tail of one user, or of all. For one user it looks into each partition by
// itself. A plan would lock and open every month that is kept, with each call.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/execution_columns.hpp"
#include "ledger/watermark.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "access/table.h"
#include "catalog/pg_am_d.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace helix::ledger {

namespace {

pg::Statement select_of_all("SELECT u.* FROM helix_internal.unfolded_usage u WHERE u.user_id BETWEEN $1 AND $2",
                            {UUIDOID, UUIDOID});

// The watermark in the snapshot of the calling statement: which rows no fold has counted there.
pg::Statement select_folded(R"(
    SELECT w.next_xid, w.open_xids, w.base_id, w.tail_from FROM helix_internal.watermark w)");
struct FoldedRow {
    enum : int { next_xid = 1, open_xids, base_id, tail_from };
};

struct Folded {
    std::int64_t next_xid;
    const std::int64_t* open_xids; // ascending
    int open_count;
    std::int64_t base_id;
    TimestampTz tail_from;

    std::int64_t first_xid() const { return open_count == 0 ? next_xid : std::min(open_xids[0], next_xid); }
    bool has(std::int64_t xid, std::int64_t id) const {
        return id <= base_id || (xid < next_xid && !std::binary_search(open_xids, open_xids + open_count, xid));
    }
};

Folded read_folded() {
    select_folded.read();
    auto* open = DatumGetArrayTypePCopy(pg::column(0, FoldedRow::open_xids));
    return {DatumGetInt64(pg::column(0, FoldedRow::next_xid)), reinterpret_cast<std::int64_t*>(ARR_DATA_PTR(open)),
            ArrayGetNItems(ARR_NDIM(open), ARR_DIMS(open)), DatumGetInt64(pg::column(0, FoldedRow::base_id)),
            DatumGetTimestampTz(pg::column(0, FoldedRow::tail_from))};
}

constexpr AttrNumber attribute(Column column) {
    return static_cast<AttrNumber>(column + 1);
}

Datum whole_numeric(std::int64_t value) {
    return NumericGetDatum(int64_to_numeric(value));
}

// Reads the columns of one row of the ledger.
class LedgerRow {
  public:
    explicit LedgerRow(TupleTableSlot* slot) : slot_(slot) {}

    Datum value(Column column) const {
        bool is_null = false;
        return slot_getattr(slot_, attribute(column), &is_null);
    }
    bool is_null(Column column) const { return slot_attisnull(slot_, attribute(column)); }
    Datum tokens(Column column) const { return whole_numeric(is_null(column) ? 0 : DatumGetInt64(value(column))); }

  private:
    TupleTableSlot* slot_;
};

// As the view unfolded_usage has it: a correction counts in sums alone, and has no latency.
void put_usage(ReturnSetInfo& result, const LedgerRow& row) {
    const bool is_execution = row.is_null(corrects);
    const bool is_timed = !row.is_null(latency_ms);
    const Datum latency = is_timed ? row.value(latency_ms) : Int32GetDatum(0);
    const Column greatest_cost = is_execution ? cost_usd : final_cost_usd;
    pg::Values values;
    for (const Column column : {user_id, occurred_at, date, operation_id, provider, model}) {
        values.add(row.value(column));
    }
    values.add(Int64GetDatum(is_execution ? 1 : 0));
    values.add(Int64GetDatum(is_execution && DatumGetBool(row.value(success)) ? 1 : 0));
    values.add(row.value(cost_usd)).add(row.value(greatest_cost), row.is_null(greatest_cost));
    values.add(Int64GetDatum(is_timed ? 1 : 0)).add(whole_numeric(DatumGetInt32(latency)));
    values.add(latency, !is_timed).add(latency, !is_timed);
    values.add(row.tokens(input_tokens)).add(row.tokens(cached_input_tokens)).add(row.tokens(output_tokens));
    values.add_null().add(latency, !is_timed); // no sketch, but the latency itself
    tuplestore_putvalues(result.setResult, result.setDesc, values.values(), values.nulls());
}

// The index of a partition that begins with the user and the transaction; InvalidOid where somebody has dropped it.
Oid index_by_user(Relation partition) {
    Oid found = InvalidOid;
    List* indexes = RelationGetIndexList(partition);
    for (int i = 0; i < list_length(indexes) && !OidIsValid(found); ++i) {
        Relation index = index_open(list_nth_oid(indexes, i), AccessShareLock);
        const auto& columns = index->rd_index->indkey;
        if (index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indisvalid && columns.dim1 >= 2 &&
            columns.values[0] == attribute(user_id) && columns.values[1] == attribute(xid) &&
            RelationGetIndexPredicate(index) == NIL) {
            found = RelationGetRelid(index);
        }
        index_close(index, NoLock); // which the scan opens again
    }
    list_free(indexes);
    return found;
}

// A scan of a user's rows from a transaction on, in the snapshot of the calling statement.
void read_partition(Relation partition, Oid index_id, Datum user, const Folded& folded, ReturnSetInfo& result) {
    Relation index = index_open(index_id, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ, user);
    ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(folded.first_xid()));
    TupleTableSlot* slot = table_slot_create(partition, nullptr);
    IndexScanDesc scan = pg::begin_index_scan(partition, index, GetActiveSnapshot(), std::size(keys));
    index_rescan(scan, keys, std::size(keys), nullptr, 0);
    MemoryContext of_row = AllocSetContextCreate(CurrentMemoryContext, "helix unfolded row", ALLOCSET_SMALL_SIZES);
    const LedgerRow row(slot);
    while (index_getnext_slot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        if (folded.has(DatumGetInt64(row.value(xid)), DatumGetInt64(row.value(id)))) {
            continue;
        }
        MemoryContext before = MemoryContextSwitchTo(of_row);
        put_usage(result, row);
        MemoryContextSwitchTo(before);
        MemoryContextReset(of_row);
    }
    MemoryContextDelete(of_row);
    index_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
    index_close(index, NoLock);
}

// Calls read(partition) for each partition that may have a row of the tail, until it returns false.
template <typename F>
bool each_partition(Relation ledger, TimestampTz tail_from, F read) {
    const PartitionDesc partitions = RelationGetPartitionDesc(ledger, true);
    const PartitionBoundInfo bounds = partitions->boundinfo;
    for (int i = 0; partitions->nparts > 0 && i < bounds->ndatums; ++i) { // datums[i] is where indexes[i] ends
        const bool is_endless = bounds->kind != nullptr && bounds->kind[i][0] != PARTITION_RANGE_DATUM_VALUE;
        if (bounds->indexes[i] < 0 || (!is_endless && DatumGetTimestampTz(bounds->datums[i][0]) <= tail_from)) {
            continue;
        }
        if (!read(partitions->oids[bounds->indexes[i]])) {
            return false;
        }
    }
    return partitions->nparts == 0 || !partition_bound_has_default(bounds) ||
           read(partitions->oids[bounds->default_index]);
}

// False where a partition lacks the index.
bool read_user(Datum user, ReturnSetInfo& result) {
    const Folded folded = read_folded();
    Relation ledger = table_open(pg::internal_relation("executions"), AccessShareLock);
    const auto is_indexed = [](Oid id) {
        Relation partition = table_open(id, AccessShareLock);
        const bool found = OidIsValid(index_by_user(partition));
        table_close(partition, NoLock);
        return found;
    };
    const auto read = [&](Oid id) {
        Relation partition = table_open(id, AccessShareLock);
        read_partition(partition, index_by_user(partition), user, folded, result);
        table_close(partition, NoLock);
        return true;
    };
    const bool done = each_partition(ledger, folded.tail_from, is_indexed);
    if (done) {
        each_partition(ledger, folded.tail_from, read);
    }
    table_close(ledger, NoLock);
    return done;
}

void read_range(const Datum* users, ReturnSetInfo& result) {
    pg::set_for_now("jit", "off");
    pg::set_for_now("plan_cache_mode", "force_custom_plan");
    const std::uint64_t rows = select_of_all.read(users);
    for (std::uint64_t row = 0; row < rows; ++row) {
        tuplestore_puttuple(result.setResult, SPI_tuptable->vals[row]);
    }
}

} // namespace

// As row security would have it: of others than the caller there are no rows.
HELIX_FUNCTION(helix_unfolded_usage_of) {
    struct Argument {
        enum : int { first_user, last_user, count };
    };
    Datum users[Argument::count] = {PG_GETARG_DATUM(Argument::first_user), PG_GETARG_DATUM(Argument::last_user)};
    InitMaterializedSRF(fcinfo, 0);
    auto& result = *reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (!callers::acts_for_anyone()) {
        const auto caller = callers::current_user();
        const auto compare = [](const pg_uuid_t& one, Datum other) {
            return memcmp(one.data, DatumGetUUIDP(other)->data, UUID_LEN);
        };
        if (!caller || compare(*caller, users[Argument::first_user]) < 0 ||
            compare(*caller, users[Argument::last_user]) > 0) {
            return 0;
        }
        users[Argument::first_user] = users[Argument::last_user] = pg::uuid_datum(*caller);
    }
    pg::OwnerSpi spi;
    const bool is_one = pg::same_uuid(*DatumGetUUIDP(users[0]), *DatumGetUUIDP(users[1]));
    if (!is_one || !read_user(users[0], result)) {
        read_range(users, result);
    }
    spi.finish();
    return 0;
}

} // namespace helix::ledger
