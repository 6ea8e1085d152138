// Closing: two statements that add sums to the next level, and the horizons that say so, in one transaction.
#include "pg/prelude.hpp"

#include "ledger/close.hpp"

#include "config.hpp"
#include "ledger/fold_planning.hpp"
#include "ledger/levels.hpp"
#include "pg/relations.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "storage/lmgr.h"
#include "utils/fmgrprotos.h"
}

namespace helix::ledger {

namespace {

constexpr std::int64_t minute_us = USECS_PER_MINUTE;
constexpr std::int64_t quarter_us = 15 * USECS_PER_MINUTE;

// $1, $2: from the old horizon to the new one. Each has its own snapshot, so the second sees what the first has added.
pg::Statement close_minutes("WITH closing AS (SELECT m.*, m.minute AS span FROM helix_internal.usage_minutes m "
                            "WHERE m.minute >= $1 AND m.minute < $2)" HELIX_ADD_TO_QUARTERS("closing", "true"),
                            {TIMESTAMPTZOID, TIMESTAMPTZOID});
pg::Statement close_quarters("WITH closing AS MATERIALIZED (SELECT q.*, q.quarter AS span "
                             "FROM helix_internal.usage_quarters q WHERE q.quarter >= $1 AND q.quarter < $2), "
                             "trends AS (" HELIX_ADD_TO_TRENDS("closing", "true") ")" HELIX_ADD_TO_ANALYTICS("closing",
                                                                                                             "true"),
                             {TIMESTAMPTZOID, TIMESTAMPTZOID});

pg::Statement select_closable(R"(
    SELECT 1 FROM helix_internal.usage_minutes m WHERE m.minute >= $1 AND m.minute < $2
    UNION ALL
    SELECT 1 FROM helix_internal.usage_quarters q WHERE q.quarter >= $3 AND q.quarter < $4)",
                              {TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID});

TimestampTz beginning(TimestampTz time, std::int64_t length) {
    const TimestampTz rest = time % length;
    return time - (rest < 0 ? rest + length : rest);
}

// Where the horizons would be now. A clock that was put back moves none of them back.
LevelHorizons horizons_at(const LevelHorizons& levels, TimestampTz now) {
    LevelHorizons next = levels;
    const TimestampTz over = now - config::close_delay_s * USECS_PER_SEC;
    next.minutes_closed = std::max(levels.minutes_closed, beginning(over, minute_us));
    next.quarters_closed = std::max(levels.quarters_closed, beginning(over, quarter_us));
    return next;
}

bool has_closable(const LevelHorizons& from, const LevelHorizons& until) {
    const Datum values[] = {TimestampTzGetDatum(from.minutes_closed), TimestampTzGetDatum(until.minutes_closed),
                            TimestampTzGetDatum(from.quarters_closed), TimestampTzGetDatum(until.quarters_closed)};
    const int nesting = plan_by_range();
    const bool has_rows = select_closable.execute(values, nullptr, 1) > 0;
    AtEOXact_GUC(true, nesting);
    return has_rows;
}

// What the BRIN index has no summary of, each close reads again. Vacuum holds the same lock and summarizes as well.
void summarize(const char* table, const char* index) {
    if (ConditionalLockRelationOid(pg::internal_relation(table), ShareUpdateExclusiveLock)) {
        DirectFunctionCall1(brin_summarize_new_values, ObjectIdGetDatum(pg::internal_relation(index)));
    }
}

} // namespace

TimestampTz close_spans(const Watermark& watermark, TimestampTz now) {
    const LevelHorizons& from = watermark.levels;
    const LevelHorizons until = horizons_at(from, now);
    const Datum minutes[] = {TimestampTzGetDatum(from.minutes_closed), TimestampTzGetDatum(until.minutes_closed)};
    const Datum quarters[] = {TimestampTzGetDatum(from.quarters_closed), TimestampTzGetDatum(until.quarters_closed)};
    const int nesting = plan_by_range();
    close_minutes.execute(minutes);
    if (until.quarters_closed > from.quarters_closed) {
        close_quarters.execute(quarters);
    }
    AtEOXact_GUC(true, nesting);
    set_level_horizons(until);
    return until.minutes_closed;
}

bool close_task() {
    const TimestampTz now = GetCurrentTimestamp();
    pg::OwnerSpi spi;
    // Looks before it locks: an idle database costs no transaction id.
    const auto seen = read_watermark();
    if (seen && seen->is_ours && has_closable(seen->levels, horizons_at(seen->levels, now))) {
        if (const auto watermark = lock_watermark(IfLocked::skip)) {
            close_spans(*watermark, now);
            const int slot = watermark->slot.number;
            summarize(psprintf("usage_minutes_%d", slot), psprintf("usage_minutes_%d_minute_idx", slot));
            summarize("usage_quarters", "usage_quarters_quarter");
        }
    }
    spi.finish();
    return false;
}

} // namespace helix::ledger
