// Large inputs of which the provider's cache has served less than a fifth. The saving is that of half of them.
#include "pg/prelude.hpp"

#include "analytics/kinds.hpp"
#include "analytics/recommend.hpp"

namespace helix::analytics {

pg::Statement caching(HELIX_RECOMMEND("caching", R"(
    SELECT u.operation_id, u.provider || '/' || u.model AS subject,
           pg_catalog.format('Cache the prompts of %s', u.operation_id) AS title,
           pg_catalog.format(
               'In the last 30 days %s executions of %s with %s read %s tokens each, of which a cache had %s %%; with '
               'half of them cached they would have cost %s USD instead of %s USD.',
               u.executions, u.operation_id, u.model, pg_catalog.round(u.prompt_tokens / u.executions),
               pg_catalog.round(100 * u.cached_input_tokens / u.prompt_tokens, 1), pg_catalog.round(u.cached_usd, 2),
               pg_catalog.round(u.standard_usd, 2)) AS description,
           'cost' AS recommendation_type, u.standard_usd - u.cached_usd AS saving, u.cost_usd,
           NULL::numeric AS latency_factor, u.standard_usd - u.cached_usd AS extent,
           helix_internal.saving_priority(u.standard_usd - u.cached_usd) AS priority, 'moderate' AS effort,
           pg_catalog.jsonb_build_object(
               'table', 'helix.user_operation_preferences',
               'where', pg_catalog.jsonb_build_object('user_id', $1, 'operation_id', u.operation_id),
               'merge', pg_catalog.jsonb_build_object('default_parameters', '{"prompt_caching": true}'::jsonb))
               AS suggested_action
      FROM (SELECT r.*, p.tokens AS prompt_tokens,
                   helix_internal.token_cost(r.provider, r.model, 'standard', r.executions, p.tokens * 0.5,
                                             p.tokens * 0.5, r.output_tokens) AS cached_usd
              FROM helix_internal.recent_usage($1) r
             CROSS JOIN LATERAL (SELECT r.input_tokens + r.cached_input_tokens AS tokens) p
             WHERE r.in_use AND r.executions >= 50 AND p.tokens >= 4000 * r.executions
               AND r.cached_input_tokens < 0.2 * p.tokens
            OFFSET 0) u
     WHERE u.standard_usd - u.cached_usd >= 1 AND u.standard_usd - u.cached_usd >= 0.1 * u.cost_usd
       AND NOT EXISTS (SELECT FROM helix.user_operation_preferences p
                        WHERE p.user_id = $1 AND p.operation_id = u.operation_id
                          AND p.default_parameters @> '{"prompt_caching": true}'))"),
                      {UUIDOID});

} // namespace helix::analytics
