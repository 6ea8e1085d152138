-- All that the page of settings shows, by one statement and so in one snapshot. Money is text, as in the dashboard.
CREATE FUNCTION helix.get_settings(p_user_id uuid) RETURNS jsonb LANGUAGE sql STABLE
    BEGIN ATOMIC
        WITH spent AS (
            SELECT b.operation_id, b.spent_usd, b.level FROM helix.budget_status(p_user_id) b WHERE b.scope = 'preference')
        SELECT pg_catalog.jsonb_build_object(
                   'user_id', helix_internal.authorized_user(p_user_id),
                   'operations', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                             'operation_id', p.operation_id, 'name', o.name, 'description', o.description,
                                             'preferred_model', p.preferred_model, 'enabled', p.enabled,
                                             'cost_budget_monthly', pg_catalog.trim_scale(p.cost_budget_monthly)::text,
                                             'spent_usd', s.spent_usd::text, 'level', s.level)
                                             ORDER BY p.operation_id COLLATE "C"), '[]')
                                    FROM helix.get_operation_preferences(p_user_id) p
                                    JOIN helix.operations o ON o.operation_id = p.operation_id
                                    LEFT JOIN spent s ON s.operation_id = p.operation_id),
                   'models', (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                         'provider', m.provider, 'model', m.model,
                                         'input_usd_per_mtok', pg_catalog.trim_scale(m.input_usd_per_mtok)::text,
                                         'cached_input_usd_per_mtok', pg_catalog.trim_scale(m.cached_input_usd_per_mtok)::text,
                                         'output_usd_per_mtok', pg_catalog.trim_scale(m.output_usd_per_mtok)::text)
                                         ORDER BY m.provider COLLATE "C", m.model COLLATE "C"), '[]')
                                FROM (SELECT DISTINCT ON (p.provider, p.model) p.*
                                        FROM helix.model_prices p
                                       WHERE p.valid_from <= pg_catalog.now()
                                       ORDER BY p.provider, p.model, p.valid_from DESC) m),
                   'theme', (SELECT pg_catalog.to_jsonb(t) - '{user_id,created_at,updated_at}'::text[]
                               FROM helix.get_theme_preferences(p_user_id) t));
    END;
COMMENT ON FUNCTION helix.get_settings(uuid) IS
    'All that the page of settings shows of a user, in one snapshot: operations with their preferences, models with their prices '
    'of today, and theme. Money is USD as text. spent_usd and level are those of budget_status(), null where there is no budget. '
    '42501 another user''s id, 22004 null.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_settings(uuid)');
