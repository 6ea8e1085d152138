// Reads and moves the ledger's watermark, and takes snapshots as it stores them.
#include "pg/prelude.hpp"

#include "ledger/watermark.hpp"

#include "pg/spi.hpp"

extern "C" {
#include "access/xlog.h"
#include "utils/array.h"
#include "utils/datum.h"
}

namespace helix::ledger {

namespace {

#define HELIX_SELECT_WATERMARK                                                                                         \
    "SELECT next_xid, open_xids, base_id, system_identifier = $1 AND database = $2, shipped, minutes_from, "           \
    "minutes_closed, quarters_from, quarters_closed, slot, slot_since, slot_left_by FROM helix_internal.watermark"

constexpr std::initializer_list<Oid> origin_types{INT8OID, OIDOID};
pg::Statement select_watermark(HELIX_SELECT_WATERMARK, origin_types);
pg::Statement select_for_update(HELIX_SELECT_WATERMARK " FOR UPDATE", origin_types);
pg::Statement select_skip_locked(HELIX_SELECT_WATERMARK " FOR UPDATE SKIP LOCKED", origin_types);
struct WatermarkRow {
    enum : int {
        next_xid = 1,
        open_xids,
        base_id,
        is_ours,
        shipped,
        minutes_from,
        minutes_closed,
        quarters_from,
        quarters_closed,
        slot,
        slot_since,
        slot_left_by
    };
};

// The rows of this transaction count as in progress, even after its id has fallen below next_xid: the next fold takes
// them.
pg::Statement select_horizon(R"(
    SELECT pg_catalog.pg_snapshot_xmax(s.now)::text::bigint,
           ARRAY(SELECT x::text::bigint FROM pg_catalog.pg_snapshot_xip(s.now) x
                 UNION
                 SELECT pg_catalog.pg_current_xact_id()::text::bigint
                  WHERE pg_catalog.pg_current_xact_id() < pg_catalog.pg_snapshot_xmax(s.now)
                  ORDER BY 1)
      FROM (SELECT pg_catalog.pg_current_snapshot() AS now) s)");
struct HorizonRow {
    enum : int { next_xid = 1, open_xids };
};

// The tail begins a month later in two steps. Once the month has begun, the next transaction id is noted. Once all
// transactions before it have ended and are folded, whatever is still to come was recorded in that month or later. The
// 7 days are for a clock that is set back.
pg::Statement update_horizon(R"(
    UPDATE helix_internal.watermark w
       SET next_xid = $1, open_xids = $2, folded_rows = w.folded_rows + $3, folded_cost_usd = w.folded_cost_usd + $4,
           folded_at = pg_catalog.clock_timestamp(),
           tail_from = CASE WHEN LEAST($1, ($2)[1]) >= w.next_tail_xid THEN w.next_tail_from ELSE w.tail_from END,
           next_tail_from = GREATEST(w.next_tail_from, m.month),
           next_tail_xid = CASE WHEN m.month > w.next_tail_from THEN pg_catalog.pg_current_xact_id()::text::bigint
                                ELSE w.next_tail_xid END
      FROM (SELECT pg_catalog.date_trunc('month', pg_catalog.clock_timestamp() - interval '7 days', 'UTC') AS month) m)",
                             {INT8OID, INT8ARRAYOID, INT8OID, NUMERICOID});

pg::Statement update_levels(R"(
    UPDATE helix_internal.watermark
       SET minutes_from = $1, minutes_closed = $2, quarters_from = $3, quarters_closed = $4)",
                            {TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement update_slot(R"(
    UPDATE helix_internal.watermark
       SET slot = $1, slot_since = $2, slot_left_by = pg_catalog.pg_current_xact_id()::text::bigint)",
                          {INT2OID, TIMESTAMPTZOID});

pg::Statement update_origin("UPDATE helix_internal.watermark SET system_identifier = $1, database = $2", origin_types);
pg::Statement update_origin_and_base(R"(
    UPDATE helix_internal.watermark
       SET system_identifier = $1, database = $2, slot_left_by = pg_catalog.pg_current_xact_id()::text::bigint,
           tail_from = '-infinity', next_tail_from = '-infinity', next_tail_xid = 0,
           base_id = greatest(coalesce((SELECT pg_catalog.max(e.id) FROM helix_internal.executions e), 0),
                              pg_catalog.nextval('helix_internal.execution_ids'::pg_catalog.regclass))
    RETURNING base_id)",
                                     origin_types);

// $1 and $2 of the statements with origin_types: this cluster and database.
std::array<Datum, 2> origin() {
    return {Int64GetDatum(static_cast<std::int64_t>(GetSystemIdentifier())), ObjectIdGetDatum(MyDatabaseId)};
}

std::optional<Watermark> read(pg::Statement& statement, Snapshot snapshot = Snapshot::latest) {
    const auto here = origin();
    const auto rows =
        snapshot == Snapshot::latest ? statement.execute_latest(here.data()) : statement.execute(here.data());
    if (rows == 0) {
        return std::nullopt;
    }
    Watermark watermark{};
    watermark.folded.next_xid = DatumGetInt64(pg::column(0, WatermarkRow::next_xid));
    watermark.folded.open_xids = datumCopy(pg::column(0, WatermarkRow::open_xids), false, -1);
    watermark.base_id = DatumGetInt64(pg::column(0, WatermarkRow::base_id));
    const auto time = [](int number) { return DatumGetTimestampTz(pg::column(0, number)); };
    watermark.levels = {time(WatermarkRow::minutes_from), time(WatermarkRow::minutes_closed),
                        time(WatermarkRow::quarters_from), time(WatermarkRow::quarters_closed)};
    watermark.slot = {DatumGetInt16(pg::column(0, WatermarkRow::slot)), time(WatermarkRow::slot_since),
                      DatumGetInt64(pg::column(0, WatermarkRow::slot_left_by))};
    watermark.is_ours = DatumGetBool(pg::column(0, WatermarkRow::is_ours));
    watermark.is_fresh = DatumGetBool(pg::column(0, WatermarkRow::shipped));
    return watermark;
}

} // namespace

std::optional<Watermark> read_watermark() {
    return read(select_watermark);
}

std::optional<Watermark> lock_watermark(IfLocked if_locked, Snapshot snapshot) {
    return read(if_locked == IfLocked::wait ? select_for_update : select_skip_locked, snapshot);
}

void claim_watermark() {
    const auto here = origin();
    update_origin.execute_latest(here.data());
}

std::int64_t rebase_watermark() {
    const auto here = origin();
    update_origin_and_base.execute(here.data());
    return DatumGetInt64(pg::only_column());
}

void advance_watermark(const Horizon& horizon, std::int64_t rows, Datum cost_usd) {
    const Datum values[] = {Int64GetDatum(horizon.next_xid), horizon.open_xids, Int64GetDatum(rows), cost_usd};
    update_horizon.execute(values);
}

void set_level_horizons(const LevelHorizons& levels) {
    const Datum values[] = {TimestampTzGetDatum(levels.minutes_from), TimestampTzGetDatum(levels.minutes_closed),
                            TimestampTzGetDatum(levels.quarters_from), TimestampTzGetDatum(levels.quarters_closed)};
    update_levels.execute(values);
}

void set_minute_slot(std::int16_t number, TimestampTz since) {
    const Datum values[] = {Int16GetDatum(number), TimestampTzGetDatum(since)};
    update_slot.execute(values);
}

Horizon current_horizon() {
    select_horizon.execute();
    return {DatumGetInt64(pg::column(0, HorizonRow::next_xid)),
            datumCopy(pg::column(0, HorizonRow::open_xids), false, -1)};
}

bool watermark_is_ours() {
    const auto watermark = read(select_watermark);
    return watermark && watermark->is_ours;
}

} // namespace helix::ledger
