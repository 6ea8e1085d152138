// Another model that the user has run the operation with, as good, surely faster by a fifth, and no dearer.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

pg::Statement faster_model(HELIX_RECOMMEND("faster_model", R"(
    SELECT DISTINCT ON (c.operation_id) c.operation_id, c.other_model AS subject,
           pg_catalog.format('Use %s for %s: it is faster', c.other_model, c.operation_id) AS title,
           pg_catalog.format(
               'In the last 30 days %s took %s ms on average for %s executions of %s, and %s took %s ms for %s, is no '
               'dearer, and succeeded in %s %% against %s %%.',
               c.model, pg_catalog.round(c.avg_latency_ms), c.executions, c.operation_id, c.other_model,
               pg_catalog.round(c.other_avg_latency_ms), c.other_executions,
               pg_catalog.round(100 * c.other_successes / c.other_executions, 1),
               pg_catalog.round(100 * c.successes / c.executions, 1)) AS description,
           'performance' AS recommendation_type, c.standard_usd - c.other_usd AS saving, c.cost_usd,
           c.other_avg_latency_ms / c.avg_latency_ms AS latency_factor,
           100 * (1 - c.other_avg_latency_ms / c.avg_latency_ms) AS extent, 4 AS priority, 'trivial' AS effort,
           pg_catalog.jsonb_build_object(
               'table', 'helix.user_operation_preferences',
               'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', c.operation_id),
               'set', pg_catalog.jsonb_build_object('preferred_model', c.other_model)) AS suggested_action
      FROM helix_internal.model_choices($1) c
     WHERE c.as_successful AND c.surely_faster AND c.standard_usd >= c.other_usd
       AND NOT EXISTS (SELECT FROM helix.optimization_recommendations r
                        WHERE r.user_id = $1 AND r.kind = 'cheaper_model' AND r.operation_id = c.operation_id
                          AND r.subject = c.other_model)
     ORDER BY c.operation_id, c.other_avg_latency_ms / c.avg_latency_ms, c.other_model)"),
                           {UUIDOID});

} // namespace helix::analytics
