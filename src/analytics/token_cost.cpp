// helix_internal.token_cost(): what tokens cost at the rates of today, by a plan that is kept.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"

namespace helix::analytics {

namespace {

// As core/ledger/pricing prices a call, at the dearest hours of the week. Of the bands for long prompts the one of the
// mean counts.
pg::Statement select_cost(R"(
    WITH priced AS (
        SELECT t.usage_type, 'standard' AS service_tier, 0::bigint AS above, NULL::int4multirange AS week_hours,
               p.valid_from, t.usd
          FROM helix.model_prices p
         CROSS JOIN LATERAL (VALUES ('input', p.input_usd_per_mtok), ('cached_input', p.cached_input_usd_per_mtok),
                                    ('output', p.output_usd_per_mtok)) t (usage_type, usd)
         WHERE p.provider = $1 AND p.model = $2 AND p.valid_from <= pg_catalog.now()
        UNION ALL
        SELECT r.usage_type, r.service_tier, r.above_prompt_tokens, r.week_hours, r.valid_from, r.usd_per_million
          FROM helix.model_price_rates r
         WHERE r.provider = $1 AND r.model = $2 AND r.valid_from <= pg_catalog.now()
           AND r.usage_type IN ('input', 'cached_input', 'output') AND r.service_tier IN ('standard', $3)),
    in_force AS (
        SELECT DISTINCT ON (p.usage_type, p.service_tier, p.above, p.week_hours)
               p.usage_type, p.service_tier, p.above, p.usd
          FROM priced p
         ORDER BY p.usage_type, p.service_tier, p.above, p.week_hours, p.valid_from DESC),
    placed AS (
        SELECT f.usage_type, f.service_tier, f.usd,
               pg_catalog.rank() OVER (PARTITION BY f.usage_type ORDER BY f.service_tier = $3 DESC, f.above DESC)
                   AS place
          FROM in_force f
         WHERE f.usd IS NOT NULL
           AND (f.above = 0 OR f.above * $4 < $5 + $6)),
    rates AS (
        SELECT pg_catalog.max(f.usd) FILTER (WHERE f.usage_type = 'input') AS input,
               pg_catalog.max(f.usd) FILTER (WHERE f.usage_type = 'cached_input') AS cached_input,
               pg_catalog.max(f.usd) FILTER (WHERE f.usage_type = 'output') AS output,
               pg_catalog.bool_or(f.service_tier = $3) AS has_tier
          FROM placed f
         WHERE f.place = 1)
    SELECT pg_catalog.trim_scale(
               ($5 * r.input
                + CASE WHEN $6 <> 0 THEN $6 * coalesce(r.cached_input, r.input) ELSE 0 END
                + CASE WHEN $7 <> 0 THEN $7 * r.output ELSE 0 END) * 0.000001)
      FROM rates r
     WHERE r.has_tier)",
                          {TEXTOID, TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID});

} // namespace

HELIX_FUNCTION(helix_token_cost) {
    constexpr int arguments = 7;
    Datum values[arguments];
    for (int i = 0; i < arguments; ++i) {
        values[i] = PG_GETARG_DATUM(i);
    }
    pg::OwnerSpi spi;
    bool is_null = select_cost.read(values) == 0;
    const Datum cost = is_null ? 0 : pg::only_column(0, &is_null);
    const Datum result = is_null ? 0 : pg::copied_value(cost);
    spi.finish();
    fcinfo->isnull = is_null;
    return result;
}

} // namespace helix::analytics
