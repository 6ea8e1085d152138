// Which limit leaves the least room for an amount, and the words that say so.
#include "pg/prelude.hpp"

#include "budgets/verdict.hpp"

#include "budgets/budget_planning.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

namespace helix::budgets {

namespace {

pg::Statement select_worst(HELIX_WATCH_LEDGER R"(
    SELECT u.hard AND (u.remaining_usd < $4 OR $5 AND u.remaining_usd <= 0),
           u.remaining_usd < $4,
           pg_catalog.format('Budget %s (%s%s): limit %s USD per %s, spent %s, reserved %s, requested %s; resets at %s.',
               u.budget_id,
               CASE u.scope WHEN 'group' THEN (SELECT pg_catalog.format('group "%s"', g.name)
                                                 FROM helix.budget_groups g WHERE g.id = u.group_id)
                            WHEN 'user' THEN 'user'
                            WHEN 'dimension' THEN 'user'
                            WHEN 'preference' THEN 'cost_budget_monthly of ' || u.operation_id
                            ELSE u.operation_id END,
               CASE WHEN u.dimension_key IS NOT NULL
                    THEN pg_catalog.format(', %s "%s"', u.dimension_key, u.dimension_value) END,
               u.limit_usd, u.period, u.spent_usd, u.reserved_usd, $4,
               pg_catalog.to_char(pg_catalog.timezone('UTC', u.resets_at), 'YYYY-MM-DD HH24:MI:SS+00'))
      FROM helix_internal.limits_in_use($1, $2, $6, $3) u
     WHERE (u.remaining_usd - $4) * 100 <= u.limit_usd * (100 - u.warn_percent)
     ORDER BY 1 DESC, 2 DESC, u.remaining_usd
     LIMIT 1)",
                           {UUIDOID, TEXTOID, TIMESTAMPTZOID, NUMERICOID, BOOLOID, JSONBOID});
struct Worst {
    enum : int { refused = 1, passes, detail };
};

// Those of select_worst.
pg::Values values_of(const Wanted& wanted, Datum amount_usd, TimestampTz at, bool needs_room) {
    pg::Values values;
    values.add_uuid(&wanted.user_id).add(wanted.operation_id).add(TimestampTzGetDatum(at)).add(amount_usd);
    values.add(BoolGetDatum(needs_room)).add(wanted.metadata, wanted.has_no_metadata());
    return values;
}

std::optional<Verdict> verdict_of(std::uint64_t rows) {
    if (rows == 0) {
        return std::nullopt;
    }
    return Verdict{DatumGetBool(pg::column(0, Worst::refused)), DatumGetBool(pg::column(0, Worst::passes)),
                   TextDatumGetCString(pg::column(0, Worst::detail))};
}

} // namespace

std::optional<Verdict> judge(const Wanted& wanted, Datum amount_usd, TimestampTz at, bool needs_room) {
    pg::Values values = values_of(wanted, amount_usd, at, needs_room);
    return verdict_of(select_worst.execute_latest(values.values(), values.letters()));
}

std::optional<Verdict> foresee(const Wanted& wanted, Datum amount_usd, TimestampTz at) {
    pg::Values values = values_of(wanted, amount_usd, at, false);
    return verdict_of(select_worst.read(values.values(), values.letters()));
}

} // namespace helix::budgets
