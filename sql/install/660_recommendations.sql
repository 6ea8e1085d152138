-- Recommendations: what a user could do for less money, time or trouble, found in their own figures of the last 30 days.
CREATE TABLE helix.optimization_recommendations (
    id                                    uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    user_id                               uuid        NOT NULL,
    kind                                  text        NOT NULL
        CHECK (kind IN ('cheaper_model', 'faster_model', 'failures', 'retries', 'caching', 'batch_tier', 'budget', 'retirement')),
    operation_id                          text,
    subject                               text        NOT NULL,
    title                                 text        NOT NULL,
    description                           text        NOT NULL,
    recommendation_type                   text        NOT NULL
        CHECK (recommendation_type IN ('cost', 'performance', 'usage', 'model_selection')),
    estimated_savings_percent             numeric,
    estimated_savings_usd                 numeric,
    estimated_latency_improvement_percent numeric,
    status                                text        NOT NULL DEFAULT 'active'
        CHECK (status IN ('active', 'dismissed', 'implemented')),
    priority                              integer     NOT NULL CHECK (priority BETWEEN 1 AND 10),
    suggested_action                      jsonb       NOT NULL,
    estimated_implementation_effort       text        NOT NULL
        CHECK (estimated_implementation_effort IN ('trivial', 'easy', 'moderate', 'difficult')),
    extent                                numeric     NOT NULL,
    created_at                            timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at                            timestamptz NOT NULL DEFAULT pg_catalog.now(),
    dismissed_at                          timestamptz,
    implemented_at                        timestamptz,
    CONSTRAINT one_for_each_subject UNIQUE NULLS NOT DISTINCT (user_id, kind, operation_id, subject)
);
CREATE INDEX idx_recommendations_composite ON helix.optimization_recommendations (user_id, status, priority DESC)
    WHERE status = 'active';
COMMENT ON TABLE helix.optimization_recommendations IS
    'What helix recommends to users, found anew once a day. Users change status alone. What no longer holds is removed while it is '
    'active. A dismissed one becomes active again once its extent has doubled, an implemented one also after 30 days.';
COMMENT ON COLUMN helix.optimization_recommendations.kind IS
    'cheaper_model, faster_model, failures, retries, caching, batch_tier, budget or retirement: see docs/recommendations.md';
COMMENT ON COLUMN helix.optimization_recommendations.operation_id IS 'The operation that it is about; null: all of them';
COMMENT ON COLUMN helix.optimization_recommendations.subject IS
    'What else tells it from others of its kind: a model, or the id of a budget';
COMMENT ON COLUMN helix.optimization_recommendations.description IS 'Why, in one sentence with the figures';
COMMENT ON COLUMN helix.optimization_recommendations.estimated_savings_percent IS
    'estimated_savings_usd as percent of what the work has cost in the last 30 days. Null: no saving is known';
COMMENT ON COLUMN helix.optimization_recommendations.estimated_savings_usd IS
    'USD that the last 30 days would have cost less, exact by the user''s tokens and the rates of today. Null: no saving is known';
COMMENT ON COLUMN helix.optimization_recommendations.estimated_latency_improvement_percent IS
    'By how many percent the mean latency would be lower; less than 0 where it would be higher. Null: it is not known';
COMMENT ON COLUMN helix.optimization_recommendations.status IS
    'active, dismissed or implemented. The database sets dismissed_at and implemented_at.';
COMMENT ON COLUMN helix.optimization_recommendations.priority IS '1-10, 10 matters most';
COMMENT ON COLUMN helix.optimization_recommendations.suggested_action IS
    'A change of a row: table, where, and the columns to set (an amount is text) or the objects to merge. Or a view to look into.';
COMMENT ON COLUMN helix.optimization_recommendations.extent IS
    'What has to double before a dismissed one comes back: the saving in USD, or where none is known what the sentence is about';

ALTER TABLE helix.optimization_recommendations ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.optimization_recommendations FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.optimization_recommendations USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

CREATE TABLE helix_internal.recommendation_runs (
    user_id      uuid        PRIMARY KEY,
    generated_at timestamptz NOT NULL
);
COMMENT ON TABLE helix_internal.recommendation_runs IS 'When the worker last looked for recommendations of a user';
ALTER TABLE helix_internal.recommendation_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.recommendation_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.recommendation_runs USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

CREATE FUNCTION helix_internal.check_recommendation() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_recommendation';
COMMENT ON FUNCTION helix_internal.check_recommendation() IS
    'Before a recommendation''s status changes: 22023 on another word. Sets dismissed_at and implemented_at.';
CREATE TRIGGER check_recommendation BEFORE UPDATE OF status ON helix.optimization_recommendations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_recommendation();

CREATE TRIGGER helix_cache_rows AFTER INSERT OR UPDATE OR DELETE ON helix.optimization_recommendations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.invalidate_cache('recommendations:{user_id}:*');
CREATE TRIGGER helix_cache_truncate AFTER TRUNCATE ON helix.optimization_recommendations
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.invalidate_cache('recommendations:{user_id}:*');
ALTER TABLE helix.optimization_recommendations
    ENABLE ALWAYS TRIGGER helix_cache_rows, ENABLE ALWAYS TRIGGER helix_cache_truncate;

CREATE FUNCTION helix.get_recommendations(p_user_id uuid, p_limit integer DEFAULT 10)
    RETURNS SETOF helix.optimization_recommendations LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
        SELECT r.*
          FROM helix.optimization_recommendations r
         WHERE (SELECT helix_internal.authorized_user(p_user_id)) IS NOT NULL -- also where there is no row
           AND r.user_id = (SELECT helix_internal.authorized_user(p_user_id)) AND r.status = 'active'
         ORDER BY r.priority DESC, r.estimated_savings_usd DESC NULLS LAST, r.id
         LIMIT p_limit;
    END;
COMMENT ON FUNCTION helix.get_recommendations(uuid, integer) IS
    'The active recommendations of a user, those that matter most first, p_limit at most; null: all. 42501 on another user''s id, '
    '2201W on a negative limit.';

CREATE FUNCTION helix.generate_recommendations(p_user_id uuid) RETURNS integer
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_generate_recommendations';
COMMENT ON FUNCTION helix.generate_recommendations(uuid) IS
    'Looks for recommendations now, as the worker does once a day for each active user. Returns how many are active then. 42501 on '
    'another user''s id, 22004 on null.';

CREATE FUNCTION helix.dismiss_recommendation(p_id uuid) RETURNS helix.optimization_recommendations
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_dismiss_recommendation';
COMMENT ON FUNCTION helix.dismiss_recommendation(uuid) IS
    'Says that the user does not want it, and returns the row. It comes back once its extent has doubled. 42501 another user''s, '
    'P0002 unknown, 22004 null.';

CREATE FUNCTION helix.implement_recommendation(p_id uuid) RETURNS helix.optimization_recommendations
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_implement_recommendation';
COMMENT ON FUNCTION helix.implement_recommendation(uuid) IS
    'Does what suggested_action says, where that is a change of the user''s preferences or of a budget, and returns the row as '
    'implemented. Where it is already implemented nothing changes. 42501 another user''s, P0002 unknown or its budget is gone, '
    '22004 null.';

SELECT pg_catalog.pg_extension_config_dump('helix.optimization_recommendations', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.recommendation_runs', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT, UPDATE (status) ON helix.optimization_recommendations'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_recommendations(uuid, integer)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.generate_recommendations(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.dismiss_recommendation(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.implement_recommendation(uuid)');
