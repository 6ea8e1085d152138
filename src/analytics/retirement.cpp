// A model that ran in the last 7 days and retires within 90, or has retired in the last 30.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

// The action names the model that the provider does, else the one that the user has run most often for the operation.
pg::Statement retirement(HELIX_RECOMMEND("retirement", R"(
    WITH usage AS MATERIALIZED (SELECT u.* FROM helix_internal.recent_usage($1) u)
    SELECT u.operation_id, u.provider || '/' || u.model AS subject,
           pg_catalog.format('%s retires: %s needs another model', u.model, u.operation_id) AS title,
           pg_catalog.format('%s, which ran %s %s times in the last 30 days, %s on %s.', u.model, u.operation_id,
                             u.executions, CASE WHEN t.retires_on > d.today THEN 'retires' ELSE 'retired' END,
                             t.retires_on)
               AS description,
           'model_selection' AS recommendation_type, NULL::numeric AS saving, NULL::numeric AS cost_usd,
           NULL::numeric AS latency_factor, 1 AS extent,
           CASE WHEN t.retires_on <= d.today + 30 THEN 10 ELSE 8 END AS priority,
           CASE WHEN o.model IS NULL THEN 'moderate' ELSE 'trivial' END AS effort,
           CASE WHEN o.model IS NULL
                THEN pg_catalog.jsonb_build_object('view', 'helix.model_prices',
                         'where', pg_catalog.jsonb_build_object('provider', u.provider))
                ELSE pg_catalog.jsonb_build_object('table', 'helix.user_operation_preferences',
                         'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', u.operation_id),
                         'set', pg_catalog.jsonb_build_object('preferred_model', o.model)) END AS suggested_action
      FROM usage u
      JOIN helix.model_retirements t ON t.provider = u.provider AND t.model = u.model
     CROSS JOIN (SELECT pg_catalog.timezone('UTC', pg_catalog.now())::date AS today) d
      LEFT JOIN LATERAL (
           SELECT c.model
             FROM (SELECT t.provider, t.successor AS model, 'infinity'::numeric AS executions
                    WHERE t.successor IS NOT NULL
                   UNION ALL
                   SELECT b.provider, b.model, b.executions FROM usage b WHERE b.operation_id = u.operation_id) c
            WHERE EXISTS (SELECT FROM helix.model_prices m WHERE m.model = c.model)
              AND NOT EXISTS (SELECT FROM helix_internal.retiring_models g
                               WHERE g.provider = c.provider AND g.model = c.model)
            ORDER BY c.executions DESC, c.provider, c.model
            LIMIT 1) o ON true
      LEFT JOIN helix.user_operation_preferences p ON p.user_id = $1 AND p.operation_id = u.operation_id
     WHERE u.in_use AND t.retires_on BETWEEN d.today - 30 AND d.today + 90
       AND (o.model IS NULL OR p.preferred_model IS DISTINCT FROM o.model))"),
                         {UUIDOID});

} // namespace helix::analytics
