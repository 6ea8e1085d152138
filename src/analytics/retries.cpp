// An operation of the queue of which surely more than a tenth takes more than one attempt.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

pg::Statement retries(HELIX_RECOMMEND("retries", R"(
    SELECT e.operation_id, '' AS subject, pg_catalog.format('%s often needs another attempt', e.operation_id) AS title,
           pg_catalog.format('In the last 30 days %s of %s queued executions of %s took more than one attempt (%s %%).',
               e.retried, e.executions, e.operation_id, pg_catalog.round(100.0 * e.retried / e.executions, 1))
               AS description,
           'performance' AS recommendation_type, NULL::numeric AS saving, NULL::numeric AS cost_usd,
           NULL::numeric AS latency_factor, 100.0 * e.retried / e.executions AS extent, 6 AS priority,
           'moderate' AS effort,
           pg_catalog.jsonb_build_object('view', 'helix.schedule_executions', 'where', pg_catalog.jsonb_build_object(
               'user_id', $1, 'operation_id', e.operation_id)) AS suggested_action
      FROM (SELECT s.operation_id, pg_catalog.count(*) AS executions,
                   pg_catalog.count(*) FILTER (WHERE s.attempt > 1) AS retried
              FROM helix_internal.schedule_executions s
             WHERE s.user_id = $1 AND s.execution_status IN ('success', 'failed')
               AND s.created_at >= pg_catalog.now() - interval '30 days'
             GROUP BY s.operation_id
            HAVING pg_catalog.count(*) >= 50) e
     WHERE helix_internal.wilson_bound(e.retried::double precision, e.executions::double precision, -1.96) > 0.1)"),
                      {UUIDOID});

} // namespace helix::analytics
