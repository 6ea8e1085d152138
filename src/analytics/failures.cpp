// A model that surely fails more than a tenth of an operation's executions.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

// The action names a model that surely fails less, where the user has run the operation with one.
pg::Statement failures(HELIX_RECOMMEND("failures", R"(
    WITH usage AS MATERIALIZED (
        SELECT u.*,
               helix_internal.wilson_bound(u.successes::double precision, u.executions::double precision, -1.96)
                   AS low,
               helix_internal.wilson_bound(u.successes::double precision, u.executions::double precision, 1.96)
                   AS high
          FROM helix_internal.recent_usage($1) u
         WHERE u.executions >= 50)
    SELECT u.operation_id, u.provider || '/' || u.model AS subject,
           pg_catalog.format('%s often fails with %s', u.operation_id, u.model) AS title,
           pg_catalog.format('In the last 30 days %s of %s executions of %s with %s failed (%s %%)%s.',
               u.executions - u.successes, u.executions, u.operation_id, u.model,
               pg_catalog.round(100 * (u.executions - u.successes) / u.executions, 1),
               CASE WHEN o.model IS NULL THEN ''
                    ELSE pg_catalog.format(', and of %s with %s only %s %%', o.executions, o.model,
                             pg_catalog.round(100 * (o.executions - o.successes) / o.executions, 1)) END)
               AS description,
           'performance' AS recommendation_type, NULL::numeric AS saving, u.cost_usd,
           (o.latency_sum / nullif(o.latency_count, 0)) / nullif(u.latency_sum / nullif(u.latency_count, 0), 0)
               AS latency_factor,
           100 * (u.executions - u.successes) / u.executions AS extent, 8 AS priority,
           CASE WHEN o.model IS NULL THEN 'moderate' ELSE 'trivial' END AS effort,
           CASE WHEN o.model IS NULL
                THEN pg_catalog.jsonb_build_object('view', 'helix.executions', 'where', pg_catalog.jsonb_build_object(
                         'user_id', $1, 'operation_id', u.operation_id, 'model', u.model, 'success', false))
                ELSE pg_catalog.jsonb_build_object('table', 'helix.user_operation_preferences',
                         'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', u.operation_id),
                         'set', pg_catalog.jsonb_build_object('preferred_model', o.model)) END AS suggested_action
      FROM usage u
      LEFT JOIN LATERAL (
           SELECT b.*
             FROM usage b
            WHERE b.operation_id = u.operation_id AND b.low > u.high
              AND EXISTS (SELECT FROM helix.model_prices m WHERE m.model = b.model)
              AND NOT EXISTS (SELECT FROM helix_internal.retiring_models g
                               WHERE g.provider = b.provider AND g.model = b.model)
            ORDER BY b.low DESC, b.provider, b.model
            LIMIT 1) o ON true
      LEFT JOIN helix.user_operation_preferences p ON p.user_id = $1 AND p.operation_id = u.operation_id
     WHERE u.in_use AND 1 - u.high > 0.1 AND (o.model IS NULL OR p.preferred_model IS DISTINCT FROM o.model))"),
                       {UUIDOID});

} // namespace helix::analytics
