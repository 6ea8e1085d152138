// Retention of the finer levels. Minutes are emptied by slots, as a whole; quarters are deleted.
#include "pg/prelude.hpp"

#include "ledger/level_retention.hpp"

#include "config.hpp"
#include "ledger/levels.hpp"
#include "ledger/watermark.hpp"
#include "pg/relations.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/table.h"
#include "access/transam.h"
#include "datatype/timestamp.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
}

namespace helix::ledger {

namespace {

constexpr int slots = 3;
constexpr const char* wait_for_readers = "50ms"; // the longest that emptying a slot makes readers wait
constexpr std::int64_t most_at_once = 10'000;

// What occurs later than the slot was left still counts as minutes. It is little: events of the future.
pg::Statement move_open_minutes(R"(
    WITH moved AS (DELETE FROM helix_internal.usage_minutes m WHERE m.slot = $1 AND m.minute >= $2 RETURNING m.*)
    INSERT INTO helix_internal.usage_minutes (slot, user_id, minute, date, operation_id, provider, model, )" HELIX_LEVEL_VALUES
                                R"()
    SELECT $3, m.user_id, m.minute, m.date, m.operation_id, m.provider, m.model, )" HELIX_LEVEL_VALUES R"(
      FROM moved m)",
                                {INT2OID, TIMESTAMPTZOID, INT2OID});

pg::Statement delete_quarters(R"(
    DELETE FROM helix_internal.usage_quarters q
     WHERE q.ctid = ANY (ARRAY(SELECT o.ctid FROM helix_internal.usage_quarters o WHERE o.quarter < $1 LIMIT $2)))",
                              {TIMESTAMPTZOID, INT8OID});

std::int16_t slot_after(int slot) {
    return static_cast<std::int16_t>((slot + 1) % slots);
}

const char* table_of(int slot) {
    return psprintf("usage_minutes_%d", slot);
}

bool is_empty(int slot) {
    Relation table = table_open(pg::internal_relation(table_of(slot)), AccessShareLock);
    const bool empty = RelationGetNumberOfBlocks(table) == 0;
    table_close(table, AccessShareLock);
    return empty;
}

// The oldest transaction that somebody's snapshot, here or on a standby that tells, may not see as committed.
std::int64_t oldest_needed() {
    Relation table = table_open(pg::internal_relation("watermark"), AccessShareLock);
    const TransactionId oldest = GetOldestNonRemovableTransactionId(table);
    table_close(table, AccessShareLock);
    const FullTransactionId next = ReadNextFullTransactionId();
    const std::uint32_t behind = XidFromFullTransactionId(next) - oldest;
    return static_cast<std::int64_t>(U64FromFullTransactionId(next) - behind);
}

} // namespace

void turn_minutes(TimestampTz now) {
    const auto watermark = read_watermark();
    const auto is_due = [now](const Watermark& mark) {
        return mark.is_ours && now - mark.slot.since >= config::usage_minutes_retention_s * USECS_PER_SEC &&
               mark.levels.minutes_closed > mark.slot.since && is_empty(slot_after(mark.slot.number));
    };
    if (!watermark || !is_due(*watermark)) {
        return;
    }
    const auto locked = lock_watermark(IfLocked::skip);
    if (!locked || !is_due(*locked)) {
        return;
    }
    // The slot of now has all that was folded since; the one before it is left, but for what has yet to occur.
    const std::int16_t next = slot_after(locked->slot.number);
    const std::int16_t left = slot_after(next);
    LevelHorizons levels = locked->levels;
    const TimestampTz since = locked->slot.since;
    const TimestampTz rest = since % USECS_PER_MINUTE;
    levels.minutes_from = std::max(levels.minutes_from, rest == 0 ? since : since - rest + USECS_PER_MINUTE);
    levels.minutes_from = std::min(levels.minutes_from, levels.minutes_closed);
    const Datum values[] = {Int16GetDatum(left), TimestampTzGetDatum(levels.minutes_from), Int16GetDatum(next)};
    move_open_minutes.execute(values);
    set_level_horizons(levels);
    set_minute_slot(next, now);
}

// Under the lock the slot stays the one that is left. Else somebody else could empty it and turn, and what folds have
// written to it by then would go.
bool empty_old_minutes() {
    const auto is_due = [](const Watermark& mark) {
        return mark.is_ours && !is_empty(slot_after(mark.slot.number)) && mark.slot.left_by < oldest_needed();
    };
    const auto watermark = read_watermark();
    if (!watermark || !is_due(*watermark)) {
        return false;
    }
    const auto locked = lock_watermark(IfLocked::skip);
    if (!locked || !is_due(*locked)) {
        return false;
    }
    const char* left = table_of(slot_after(locked->slot.number));
    return pg::try_for_lock(wait_for_readers,
                            [left] { pg::execute_text(psprintf("TRUNCATE helix_internal.%s", left)); });
}

bool forget_quarters(TimestampTz now) {
    const auto watermark = read_watermark();
    if (!watermark || !watermark->is_ours) {
        return false;
    }
    // Whole days, which those of analytics continue. Minutes never go further back than quarters.
    TimestampTz from = std::min({now - config::usage_quarters_retention_s * USECS_PER_SEC,
                                 watermark->levels.quarters_closed, watermark->levels.minutes_from});
    if (TIMESTAMP_IS_NOBEGIN(from)) {
        return false;
    }
    const TimestampTz rest = from % USECS_PER_DAY;
    from -= rest < 0 ? rest + USECS_PER_DAY : rest;
    if (from > watermark->levels.quarters_from) {
        const auto locked = lock_watermark(IfLocked::skip);
        if (!locked) {
            return false;
        }
        LevelHorizons levels = locked->levels;
        levels.quarters_from = from;
        set_level_horizons(levels);
    }
    const Datum values[] = {TimestampTzGetDatum(std::max(from, watermark->levels.quarters_from)),
                            Int64GetDatum(most_at_once)};
    return delete_quarters.execute(values) == most_at_once;
}

bool minutes_task() {
    pg::OwnerSpi spi;
    empty_old_minutes();
    turn_minutes(GetCurrentTimestamp());
    spi.finish();
    return false;
}

bool quarters_task() {
    pg::OwnerSpi spi;
    const bool is_more = forget_quarters(GetCurrentTimestamp());
    spi.finish();
    return is_more;
}

} // namespace helix::ledger
