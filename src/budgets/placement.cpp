// When a cost counts in budgets: helix_internal.moved_costs is written, and tidied up.
#include "pg/prelude.hpp"

#include "budgets/placement.hpp"

#include "budgets/membership.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/table_writer.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::budgets {

namespace {

constexpr TimestampTz quarter_us = 15 * USECS_PER_MINUTE;
constexpr int kept_days = 40; // a month, and what time zones add to it; as in the SQL below

// A quarter of an hour that is over gets no more rows, but from transactions that are still open. A change of groups
// divides it: a group gets what its members spent while they were in it.
pg::Statement merge_moved(R"(
    WITH gone AS (
        DELETE FROM helix_internal.moved_costs m
         WHERE NOT m.merged AND m.recorded_at < pg_catalog.clock_timestamp() - interval '15 minutes'
        RETURNING m.*)
    INSERT INTO helix_internal.moved_costs
           (user_id, operation_id, usd, counts_at, occurred_at, recorded_at, merged, dimensions)
    SELECT g.user_id, g.operation_id, pg_catalog.sum(g.usd), c.counts_at, c.occurred_at, pg_catalog.max(g.recorded_at),
           true, g.dimensions
      FROM gone g,
           LATERAL (SELECT helix_internal.counting_time(g.user_id, g.counts_at) AS counts_at,
                           helix_internal.counting_time(g.user_id, g.occurred_at) AS occurred_at OFFSET 0) c
     GROUP BY g.user_id, g.operation_id, c.counts_at, c.occurred_at, g.dimensions)");

pg::Statement forget_moved(R"(
    DELETE FROM helix_internal.moved_costs m
     WHERE GREATEST(m.counts_at, m.occurred_at) < pg_catalog.clock_timestamp() - interval '40 days')");

pg::Statement forget_memberships(R"(
    DELETE FROM helix_internal.past_memberships p
     WHERE p.left_at < pg_catalog.clock_timestamp() - interval '40 days')");

pg::Statement select_dimensions(R"(
    SELECT pg_catalog.jsonb_object_agg(v.key, v.value)
      FROM (SELECT d.key, helix_internal.dimension_value($1, NULL, d.key) AS value FROM helix_internal.dimensions d) v
     WHERE v.value IS NOT NULL)",
                                {JSONBOID});

// Whole quarters of an hour are in the sums; single rows tell what one has before and after a change of groups. So they
// do for the ends of days in sums by dimension.
pg::Statement select_needed(R"(
    SELECT FROM helix_internal.memberships m, LATERAL (VALUES (m.joined_at), (m.left_at)) c (at)
     WHERE c.at > pg_catalog.clock_timestamp() - interval '40 days' AND c.at < $1
       AND c.at <> pg_catalog.date_bin('15 minutes', c.at, '2000-01-01 00:00:00+00')
    UNION ALL
    SELECT FROM helix.budgets b
     WHERE b.dimension_key IS NOT NULL AND $1 > pg_catalog.clock_timestamp() - interval '40 days')",
                            {TIMESTAMPTZOID});

TimestampTz quarter_of(TimestampTz time) {
    const TimestampTz rest = time % quarter_us;
    return time - (rest < 0 ? rest + quarter_us : rest);
}

bool is_more(Datum one, Datum other) {
    return DatumGetBool(DirectFunctionCall2(numeric_gt, one, other));
}

// What the sums by dimension have of the metadata; null where that is nothing.
void add_dimensions(pg::Values& row, const std::optional<Datum>& metadata) {
    if (!metadata) {
        row.add_null();
        return;
    }
    pg::OwnerSpi spi;
    select_dimensions.execute_latest(&*metadata);
    bool is_null = false;
    const Datum found = pg::only_column(0, &is_null);
    row.add(is_null ? 0 : pg::copied_value(found), is_null);
    spi.finish();
}

// `usd` of the cost count at `time`. Writes nothing where the sums have them there anyway, or where nobody reads either
// period any more.
void count_at(const Cost& cost, Datum usd, TimestampTz time) {
    const bool sums_agree =
        quarter_of(time) == quarter_of(cost.occurred_at) && !changed_groups(cost.user_id, time, cost.occurred_at);
    if (sums_agree || std::max(time, cost.occurred_at) < cost.recorded_at - kept_days * USECS_PER_DAY) {
        return;
    }
    pg::Values row; // the columns of helix_internal.moved_costs, in their order
    row.add_uuid(&cost.user_id);
    row.add(pg::text_datum(cost.operation_id));
    row.add(usd).add(TimestampTzGetDatum(time)).add(TimestampTzGetDatum(cost.occurred_at));
    row.add(TimestampTzGetDatum(cost.recorded_at)).add(BoolGetDatum(false));
    add_dimensions(row, cost.metadata);
    pg::insert_into("moved_costs", row);
}

} // namespace

void write_moved_costs(const Cost& cost, const std::optional<Reserved>& reserved) {
    const Datum nothing = NumericGetDatum(int64_to_numeric(0));
    if (!reserved || (!is_more(cost.usd, nothing) && !is_more(nothing, cost.usd))) {
        return;
    }
    const bool exceeds = is_more(cost.usd, reserved->amount_usd);
    const Datum within = exceeds ? reserved->amount_usd : cost.usd;
    count_at(cost, within, reserved->at);
    if (exceeds) {
        count_at(cost, DirectFunctionCall2(numeric_sub, cost.usd, within), cost.recorded_at);
    }
}

bool need_rows_before(TimestampTz until) {
    const Datum value = TimestampTzGetDatum(until);
    return select_needed.execute_latest(&value, nullptr, 1) > 0;
}

std::uint64_t tidy_moved_costs() {
    static TimestampTz next_forgetting = 0;
    const TimestampTz now = GetCurrentTimestamp();
    std::uint64_t count = merge_moved.execute();
    if (now >= next_forgetting) {
        count += forget_moved.execute();
        forget_memberships.execute();
        next_forgetting = now + USECS_PER_HOUR;
    }
    return count;
}

HELIX_FUNCTION(helix_tidy_moved_costs) {
    pg::OwnerSpi spi;
    const auto count = tidy_moved_costs();
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(count));
}

} // namespace helix::budgets
