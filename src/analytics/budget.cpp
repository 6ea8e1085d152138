// A month's budget that is far above or below what was spent in each of the last two times 30 days.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

// What is proposed leaves a quarter of room, in whole USD.
pg::Statement budget(HELIX_RECOMMEND("budget", R"(
    WITH spent AS MATERIALIZED (
        SELECT u.operation_id, pg_catalog.sum(u.cost_usd) AS recent, 0::numeric AS before
          FROM helix_internal.usage_between($1, pg_catalog.now() - interval '30 days', pg_catalog.now()) u
         GROUP BY u.operation_id
        UNION ALL
        SELECT u.operation_id, 0, pg_catalog.sum(u.cost_usd)
          FROM helix_internal.usage_between($1, pg_catalog.now() - interval '60 days',
                                            pg_catalog.now() - interval '30 days') u
         GROUP BY u.operation_id)
    SELECT b.operation_id, b.id::text AS subject,
           pg_catalog.format('%s the budget of %s', CASE WHEN b.limit_usd > b.proposed THEN 'Lower' ELSE 'Raise' END,
                             coalesce(b.operation_id, 'all operations')) AS title,
           pg_catalog.format('The budget of %s is %s USD a month, and %s USD were spent in the last 30 days after %s '
                             'USD in the 30 days before.',
                             coalesce(b.operation_id, 'all operations'), pg_catalog.trim_scale(b.limit_usd),
                             pg_catalog.round(b.recent, 2), pg_catalog.round(b.before, 2)) AS description,
           'usage' AS recommendation_type, NULL::numeric AS saving, NULL::numeric AS cost_usd,
           NULL::numeric AS latency_factor,
           GREATEST(b.limit_usd / b.proposed, b.proposed / GREATEST(b.limit_usd, 0.01)) AS extent,
           CASE WHEN b.limit_usd > b.proposed THEN 3 ELSE 6 END AS priority, 'trivial' AS effort,
           CASE b.scope WHEN 'preference'
                THEN pg_catalog.jsonb_build_object('table', 'helix.user_operation_preferences',
                         'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', b.operation_id),
                         'set', pg_catalog.jsonb_build_object('cost_budget_monthly', b.proposed::text))
                ELSE pg_catalog.jsonb_build_object('table', 'helix.budgets',
                         'where', pg_catalog.jsonb_build_object('id', b.id),
                         'set', pg_catalog.jsonb_build_object('limit_usd', b.proposed::text)) END AS suggested_action
      FROM (SELECT l.id, l.scope, l.operation_id, l.limit_usd, s.recent, s.before,
                   pg_catalog.ceil(1.25 * GREATEST(s.recent, s.before)) AS proposed
              FROM helix_internal.limits l
             CROSS JOIN LATERAL (
                   SELECT pg_catalog.sum(x.recent) AS recent, pg_catalog.sum(x.before) AS before
                     FROM spent x
                    WHERE l.operation_id IS NULL OR x.operation_id = l.operation_id) s
             WHERE l.user_id = $1 AND l.group_id IS NULL AND l.dimension_key IS NULL AND l.period = 'month'
               AND s.recent > 0 AND s.before > 0) b
     WHERE (b.limit_usd >= 4 * GREATEST(b.recent, b.before) AND b.limit_usd > b.proposed)
        OR LEAST(b.recent, b.before) >= 1.25 * b.limit_usd)"),
                     {UUIDOID});

} // namespace helix::analytics
