// Removes a user's rows of the ledger and its rollups, piece by piece.
#include "pg/prelude.hpp"

#include "ledger/ledger_erasure.hpp"

#include "ledger/adoption.hpp"
#include "ledger/correction_locks.hpp"
#include "ledger/watermark.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"

namespace helix::ledger {

namespace {

// A correction that is left open puts off the end of the erasure, and nothing else.
constexpr const char* wait_for_corrections = "10ms";

// A table of the rollup, and the column that says when its sums begin.
struct LevelTable {
    const char* name;
    const char* begins_at;
};
constexpr LevelTable days{"operation_execution_analytics", "period_start"};
constexpr LevelTable quarters{"usage_quarters", "quarter"};
constexpr LevelTable minutes[] = {
    {"usage_minutes_0", "minute"}, {"usage_minutes_1", "minute"}, {"usage_minutes_2", "minute"}};

// $1: the user. $2: the erasure. $3: the level's horizon. What occurred before it counts in the next level, which has
// it too. Trends follow from days, so they are removed as any other row of the user.
constexpr const char* remove_sums = R"(
    WITH gone AS (
        DELETE FROM helix_internal.%s l
         WHERE l.ctid = ANY (ARRAY(SELECT c.ctid FROM helix_internal.%s c WHERE c.user_id = $1 LIMIT 5000))
        RETURNING l.executions, l.cost_usd, l.%s >= $3 AS counts),
    moved AS (
        UPDATE helix.erasures x
           SET in_transit_rows = x.in_transit_rows + s.executions, in_transit_usd = x.in_transit_usd + s.cost_usd
          FROM (SELECT pg_catalog.sum(g.executions) AS executions, pg_catalog.sum(g.cost_usd) AS cost_usd
                  FROM gone g WHERE g.counts HAVING pg_catalog.count(*) > 0) s
         WHERE x.id = $2)
    SELECT pg_catalog.count(*) FROM gone)";

pg::Statement select_partition(R"(
    SELECT c.relname::text
      FROM helix_internal.executions e JOIN pg_catalog.pg_class c ON c.oid = e.tableoid
     WHERE e.user_id = $1)",
                               {UUIDOID});

// $1: the user. $2, $3, $4: next_xid, open_xids and base_id of the watermark. $5: the erasure. A place is one of a
// partition, and the partition's name says its month.
constexpr const char* remove_executions = R"(
    WITH gone AS (
        DELETE FROM ONLY helix_internal.%s e
         WHERE e.ctid = ANY (ARRAY(SELECT c.ctid FROM ONLY helix_internal.%s c WHERE c.user_id = $1 LIMIT 5000))
        RETURNING e.corrects, e.cost_usd, e.id <= $4 OR (e.xid < $2 AND e.xid <> ALL ($3)) AS folded),
    sums AS (
        SELECT pg_catalog.count(*) FILTER (WHERE g.corrects IS NULL) AS executions, pg_catalog.sum(g.cost_usd) AS cost_usd
          FROM gone g
         WHERE g.folded
        HAVING pg_catalog.count(*) > 0),
    partitions AS (
        UPDATE helix_internal.ledger_partitions p
           SET folded_rows = p.folded_rows - s.executions, folded_cost_usd = p.folded_cost_usd - s.cost_usd
          FROM sums s
         WHERE p.month = pg_catalog.to_date(pg_catalog.right('%s', 7), 'YYYY_MM')),
    totals AS (
        UPDATE helix_internal.watermark w
           SET folded_rows = w.folded_rows - s.executions, folded_cost_usd = w.folded_cost_usd - s.cost_usd
          FROM sums s),
    moved AS (
        UPDATE helix.erasures x
           SET in_transit_rows = x.in_transit_rows - s.executions, in_transit_usd = x.in_transit_usd - s.cost_usd
          FROM sums s
         WHERE x.id = $5)
    SELECT pg_catalog.count(*) FROM gone)";

// The sums of dropped months are kept to prove all totals together, so it does not matter which of them gives. The
// largest does not fall below 0.
pg::Statement take_from_dropped(R"(
    WITH given AS (
        UPDATE helix_internal.ledger_partitions p
           SET folded_rows = p.folded_rows - x.in_transit_rows, folded_cost_usd = p.folded_cost_usd - x.in_transit_usd
          FROM helix.erasures x
         WHERE x.id = $1 AND (x.in_transit_rows <> 0 OR x.in_transit_usd <> 0)
           AND p.month = (SELECT d.month FROM helix_internal.ledger_partitions d WHERE d.dropped_at IS NOT NULL
                           ORDER BY d.folded_rows DESC, d.month LIMIT 1)
        RETURNING x.in_transit_rows AS rows, x.in_transit_usd AS usd),
    totals AS (
        UPDATE helix_internal.watermark w
           SET folded_rows = w.folded_rows - g.rows, folded_cost_usd = w.folded_cost_usd - g.usd
          FROM given g)
    UPDATE helix.erasures x
       SET in_transit_rows = 0, in_transit_usd = 0
      FROM given g
     WHERE x.id = $1)",
                                {INT8OID});

std::uint64_t remove_level(const LevelTable& table, const Erased& erased, TimestampTz horizon) {
    const Datum values[] = {UUIDPGetDatum(&erased.user_id), Int64GetDatum(erased.erasure),
                            TimestampTzGetDatum(horizon)};
    pg::execute_text_latest(psprintf(remove_sums, table.name, table.name, table.begins_at),
                            {UUIDOID, INT8OID, TIMESTAMPTZOID}, values);
    return static_cast<std::uint64_t>(DatumGetInt64(pg::only_column()));
}

std::uint64_t remove_from(const char* partition, const Erased& erased, const Watermark& watermark) {
    const Datum values[] = {UUIDPGetDatum(&erased.user_id), Int64GetDatum(watermark.folded.next_xid),
                            watermark.folded.open_xids, Int64GetDatum(watermark.base_id),
                            Int64GetDatum(erased.erasure)};
    pg::execute_text_latest(psprintf(remove_executions, partition, partition, partition),
                            {UUIDOID, INT8OID, INT8ARRAYOID, INT8OID, INT8OID}, values);
    return static_cast<std::uint64_t>(DatumGetInt64(pg::only_column()));
}

} // namespace

void prepare_erasure() {
    ensure_watermark();
}

bool may_erase() {
    return watermark_is_ours();
}

std::uint64_t erase_days(const Erased& erased) {
    return lock_watermark(IfLocked::skip, Snapshot::latest) ? remove_level(days, erased, DT_NOBEGIN) : 0;
}

std::uint64_t erase_quarters(const Erased& erased) {
    const auto watermark = lock_watermark(IfLocked::skip, Snapshot::latest);
    return watermark ? remove_level(quarters, erased, watermark->levels.quarters_closed) : 0;
}

std::uint64_t erase_minutes(const Erased& erased) {
    const auto watermark = lock_watermark(IfLocked::skip, Snapshot::latest);
    std::uint64_t rows = 0;
    for (const LevelTable& slot : minutes) {
        rows = rows == 0 && watermark ? remove_level(slot, erased, watermark->levels.minutes_closed) : rows;
    }
    return rows;
}

std::uint64_t erase_executions(const Erased& erased) {
    const Datum user = UUIDPGetDatum(&erased.user_id);
    if (select_partition.execute_latest(&user, nullptr, 1) == 0) {
        return 0;
    }
    const char* partition = TextDatumGetCString(pg::only_column());
    const auto watermark = lock_watermark(IfLocked::skip, Snapshot::latest);
    return watermark ? remove_from(partition, erased, *watermark) : 0;
}

bool lock_for_end_of_erasure() {
    const auto lock_out_corrections = [] {
        lock_out_finalizations();
        lock_out_adjustments();
    };
    return pg::try_for_lock(wait_for_corrections, lock_out_corrections) &&
           lock_watermark(IfLocked::skip, Snapshot::latest);
}

void settle_dropped(const Erased& erased) {
    const Datum erasure = Int64GetDatum(erased.erasure);
    take_from_dropped.execute_latest(&erasure);
}

} // namespace helix::ledger
