// An operation that cron or batches start nine times of ten, so that nobody waits, with models that have a batch tier.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

// Each attempt is in the ledger.
pg::Statement batch_tier(HELIX_RECOMMEND("batch_tier", R"(
    WITH unattended AS (
        SELECT s.operation_id, pg_catalog.sum(s.attempt) AS attempts
          FROM helix_internal.schedule_executions s
         WHERE s.user_id = $1 AND s.execution_status IN ('success', 'failed')
           AND s.created_at >= pg_catalog.now() - interval '30 days'
           AND (s.triggered_by = 'cron' OR s.batch_id IS NOT NULL)
         GROUP BY s.operation_id),
    usage AS (
        SELECT u.operation_id, pg_catalog.sum(u.executions) AS executions, pg_catalog.sum(u.cost_usd) AS cost_usd,
               pg_catalog.sum(u.standard_usd - u.batch_usd) FILTER (WHERE u.standard_usd > u.batch_usd) AS saving
          FROM (SELECT r.*, helix_internal.token_cost(r.provider, r.model, 'batch', r.executions, r.input_tokens,
                                                      r.cached_input_tokens, r.output_tokens) AS batch_usd
                  FROM helix_internal.recent_usage($1) r
                OFFSET 0) u
         GROUP BY u.operation_id
        HAVING pg_catalog.sum(u.executions) >= 50 AND pg_catalog.bool_or(u.in_use))
    SELECT u.operation_id, '' AS subject, pg_catalog.format('Run %s in the batch tier', u.operation_id) AS title,
           pg_catalog.format(
               'In the last 30 days cron and batches started %s of %s executions of %s, which cost %s USD and would '
               'have cost %s USD less in the batch tier.',
               LEAST(n.attempts, u.executions), u.executions, u.operation_id, pg_catalog.round(u.cost_usd, 2),
               pg_catalog.round(u.saving, 2)) AS description,
           'cost' AS recommendation_type, u.saving, u.cost_usd, NULL::numeric AS latency_factor, u.saving AS extent,
           helix_internal.saving_priority(u.saving) AS priority, 'easy' AS effort,
           pg_catalog.jsonb_build_object(
               'table', 'helix.user_operation_preferences',
               'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', u.operation_id),
               'merge', pg_catalog.jsonb_build_object('default_parameters', '{"service_tier": "batch"}'::jsonb))
               AS suggested_action
      FROM usage u
      JOIN unattended n USING (operation_id)
     WHERE n.attempts >= 0.9 * u.executions AND u.saving >= 1 AND u.saving >= 0.1 * u.cost_usd
       AND NOT EXISTS (SELECT FROM helix.user_operation_preferences p
                        WHERE p.user_id = $1 AND p.operation_id = u.operation_id
                          AND p.default_parameters @> '{"service_tier": "batch"}'))"),
                         {UUIDOID});

} // namespace helix::analytics
