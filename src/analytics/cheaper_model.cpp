// Another model that the user has run the operation with, as good and cheaper by a tenth and 1 USD at least.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

pg::Statement cheaper_model(HELIX_RECOMMEND("cheaper_model", R"(
    SELECT DISTINCT ON (c.operation_id) c.operation_id, c.other_model AS subject,
           pg_catalog.format('Use %s for %s', c.other_model, c.operation_id) AS title,
           pg_catalog.format(
               'In the last 30 days the tokens of %s executions of %s with %s cost %s USD; with %s they would have '
               'cost %s USD, and it succeeded in %s %% of %s executions against %s %%.',
               c.executions, c.operation_id, c.model, pg_catalog.round(c.standard_usd, 2), c.other_model,
               pg_catalog.round(c.other_usd, 2), pg_catalog.round(100 * c.other_successes / c.other_executions, 1),
               c.other_executions, pg_catalog.round(100 * c.successes / c.executions, 1)) AS description,
           'model_selection' AS recommendation_type, c.standard_usd - c.other_usd AS saving, c.cost_usd,
           c.other_avg_latency_ms / nullif(c.avg_latency_ms, 0) AS latency_factor,
           c.standard_usd - c.other_usd AS extent,
           helix_internal.saving_priority(c.standard_usd - c.other_usd) AS priority, 'trivial' AS effort,
           pg_catalog.jsonb_build_object(
               'table', 'helix.user_operation_preferences',
               'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', c.operation_id),
               'set', pg_catalog.jsonb_build_object('preferred_model', c.other_model)) AS suggested_action
      FROM helix_internal.model_choices($1) c
     WHERE c.as_successful AND c.standard_usd - c.other_usd >= 1
       AND c.standard_usd - c.other_usd >= 0.1 * c.cost_usd
     ORDER BY c.operation_id, c.standard_usd - c.other_usd DESC, c.other_model)"),
                            {UUIDOID});

} // namespace helix::analytics
