// helix.get_remaining_budget, is_within_budget, budget_status: what is left. A group's sum is of several users, so it
// is read as the owner, for whoever may act for the user. The clock is read after the snapshot was taken. Else a
// reservation that expires in between would count together with the one that takes its place.
#include "pg/prelude.hpp"

#include "budgets/budget_arguments.hpp"
#include "budgets/budget_planning.hpp"
#include "budgets/verdict.hpp"
#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

namespace helix::budgets {

namespace {

pg::Statement select_remaining(HELIX_WATCH_LEDGER R"(
    SELECT pg_catalog.trim_scale(pg_catalog.min(u.remaining_usd))
      FROM helix_internal.limits_in_use($1, $2, $4, $3) u
     WHERE u.hard)",
                               {UUIDOID, TEXTOID, TIMESTAMPTZOID, JSONBOID});

// Its columns are those of budget_status().
pg::Statement select_status(HELIX_WATCH_LEDGER R"(
    SELECT u.budget_id, u.scope, u.operation_id, u.group_id, g.name, u.period, u.time_zone, u.hard, u.warn_percent,
           u.period_start, u.period_end - 1, u.limit_usd, pg_catalog.trim_scale(u.spent_usd),
           pg_catalog.trim_scale(u.reserved_usd), pg_catalog.trim_scale(u.remaining_usd),
           pg_catalog.trim_scale(pg_catalog.round(100 * (u.spent_usd + u.reserved_usd) / NULLIF(u.limit_usd, 0), 2)),
           CASE WHEN u.remaining_usd <= 0 THEN 'exceeded'
                WHEN (u.spent_usd + u.reserved_usd) * 100 >= u.limit_usd * u.warn_percent THEN 'warning'
                ELSE 'ok' END,
           u.resets_at, u.dimension_key, u.dimension_value
      FROM helix_internal.limits_in_use($1, NULL, NULL, $2) u
      LEFT JOIN helix.budget_groups g ON g.id = u.group_id
     ORDER BY u.scope COLLATE "C" DESC, u.operation_id COLLATE "C", g.name COLLATE "C", u.dimension_key COLLATE "C",
           u.dimension_value COLLATE "C", u.period COLLATE "C")",
                            {UUIDOID, TIMESTAMPTZOID});

} // namespace

HELIX_FUNCTION(helix_get_remaining_budget) {
    struct Argument {
        enum : int { user_id, operation_id, metadata };
    };
    const Datum user = pg::required(fcinfo, Argument::user_id, "p_user_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    const Datum operation = operation_argument(fcinfo, Argument::operation_id);
    const Datum metadata = metadata_argument(fcinfo, Argument::metadata);
    pg::Values values;
    values.add(user).add(operation).add(TimestampTzGetDatum(GetCurrentTimestamp())).add(metadata, metadata == 0);
    pg::OwnerSpi spi;
    plan_by_index();
    select_remaining.read(values.values(), values.letters());
    bool is_null = false;
    const Datum least = pg::only_column(0, &is_null);
    const Datum result = is_null ? 0 : pg::copied_value(least);
    spi.finish();
    if (is_null) {
        PG_RETURN_NULL();
    }
    PG_RETURN_DATUM(result);
}

HELIX_FUNCTION(helix_is_within_budget) {
    struct Argument {
        enum : int { user_id, operation_id, estimated_cost, metadata };
    };
    Wanted wanted{*DatumGetUUIDP(pg::required(fcinfo, Argument::user_id, "p_user_id")), 0};
    callers::check_acts_for(wanted.user_id);
    wanted.operation_id = operation_argument(fcinfo, Argument::operation_id);
    const Datum amount = amount_argument(fcinfo, Argument::estimated_cost, "p_estimated_cost");
    wanted.metadata = metadata_argument(fcinfo, Argument::metadata);
    pg::OwnerSpi spi;
    plan_by_index();
    const auto verdict = foresee(wanted, amount, GetCurrentTimestamp());
    const bool fits = !verdict || !verdict->refused;
    spi.finish();
    PG_RETURN_BOOL(fits);
}

HELIX_FUNCTION(helix_budget_status) {
    const Datum user = pg::required(fcinfo, 0, "p_user_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    const Datum values[] = {user, TimestampTzGetDatum(GetCurrentTimestamp())};
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    plan_by_index();
    const auto rows = select_status.read(values);
    for (std::uint64_t row = 0; row < rows; ++row) {
        pg::Values columns;
        for (int number = 1; number <= SPI_tuptable->tupdesc->natts; ++number) {
            bool is_null = false;
            const Datum value = pg::column(row, number, &is_null);
            columns.add(value, is_null);
        }
        tuplestore_putvalues(result->setResult, result->setDesc, columns.values(), columns.nulls());
    }
    spi.finish();
    return 0;
}

} // namespace helix::budgets
