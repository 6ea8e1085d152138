-- Reading preferences, with defaults where nothing is stored, and writing them.
CREATE FUNCTION helix_internal.known_operation(p_operation_id text) RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_known_operation';
COMMENT ON FUNCTION helix_internal.known_operation(text) IS
    'p_operation_id where helix.operations has it; else 42704. 22004 on null.';

CREATE FUNCTION helix.get_operation_preferences(p_user_id uuid) RETURNS SETOF helix.user_operation_preferences
    LANGUAGE sql STABLE ROWS 20
    BEGIN ATOMIC
        SELECT p.id, u.id, o.operation_id, p.preferred_model, COALESCE(p.enabled, true), COALESCE(p.default_parameters, '{}'),
               p.cost_budget_monthly, p.created_at, p.updated_at
          FROM (SELECT helix_internal.authorized_user(p_user_id) AS id OFFSET 0) u
         CROSS JOIN helix.operations o
          LEFT JOIN helix.user_operation_preferences p ON p.user_id = u.id AND p.operation_id = o.operation_id
         ORDER BY o.operation_id COLLATE "C";
    END;
COMMENT ON FUNCTION helix.get_operation_preferences(uuid) IS
    'A user''s preferences, one row for each operation of helix.operations; where nothing is stored the defaults (enabled, no '
    'model, no parameters, no budget), with id and times null. 42501 on another user''s id.';

CREATE FUNCTION helix.get_operation_preference(p_user_id uuid, p_operation_id text) RETURNS helix.user_operation_preferences
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        SELECT p.id, w.user_id, w.operation_id, p.preferred_model, COALESCE(p.enabled, true), COALESCE(p.default_parameters, '{}'),
               p.cost_budget_monthly, p.created_at, p.updated_at
          FROM (SELECT helix_internal.authorized_user(p_user_id) AS user_id,
                       helix_internal.known_operation(p_operation_id) AS operation_id OFFSET 0) w
          LEFT JOIN helix.user_operation_preferences p ON p.user_id = w.user_id AND p.operation_id = w.operation_id;
    END;
COMMENT ON FUNCTION helix.get_operation_preference(uuid, text) IS
    'A user''s preference for one operation; where nothing is stored the defaults (enabled, no model, no parameters, no budget), '
    'with id and times null. 42501 on another user''s id, 42704 on an unknown operation.';

CREATE FUNCTION helix.set_operation_preference(
    p_user_id uuid, p_operation_id text, p_preferred_model text DEFAULT NULL, p_enabled boolean DEFAULT NULL,
    p_default_parameters jsonb DEFAULT NULL, p_cost_budget_monthly numeric DEFAULT NULL)
    RETURNS helix.user_operation_preferences LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_set_operation_preference';
COMMENT ON FUNCTION helix.set_operation_preference(uuid, text, text, boolean, jsonb, numeric) IS
    'Changes a user''s preference for an operation and returns it as stored; null keeps a value (to set one back to null use '
    'bulk_update_operation_preferences or an UPDATE). Errors: 42704 unknown operation or model, 22023 parameters that are no '
    'object, 22003 a budget out of range, 42501 another user''s id.';

CREATE FUNCTION helix.bulk_update_operation_preferences(p_user_id uuid, p_updates jsonb)
    RETURNS SETOF helix.user_operation_preferences LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_bulk_update_operation_preferences';
COMMENT ON FUNCTION helix.bulk_update_operation_preferences(uuid, jsonb) IS
    'Changes a user''s preferences by an array of objects {operation_id, preferred_model, enabled, default_parameters, '
    'cost_budget_monthly}, in one statement, all or nothing, and returns their rows as stored. A field that is left out keeps its '
    'value, null sets it to its default. Errors are those of set_operation_preference and name the element, counted from 0; 22023 '
    'on an unknown field, a field of another type, and an operation that is named twice.';

CREATE FUNCTION helix_internal.default_theme(p_user_id uuid) RETURNS helix.ui_theme_preferences
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW(p_user_id, 'auto', '#3B82F6', false, 'list', 'week', 'priority', true, true, true, true, false, NULL, NULL)
        ::helix.ui_theme_preferences;
COMMENT ON FUNCTION helix_internal.default_theme(uuid) IS 'The defaults of helix.ui_theme_preferences, as the table has them';

CREATE FUNCTION helix.get_theme_preferences(p_user_id uuid) RETURNS helix.ui_theme_preferences
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        WITH caller AS MATERIALIZED (SELECT helix_internal.authorized_user(p_user_id) AS id)
        SELECT COALESCE(t, helix_internal.default_theme(c.id))
          FROM caller c LEFT JOIN helix.ui_theme_preferences t ON t.user_id = c.id;
    END;
COMMENT ON FUNCTION helix.get_theme_preferences(uuid) IS
    'How a user wants the interface; where nothing is stored the defaults, with times null. 42501 on another user''s id.';

CREATE FUNCTION helix.set_theme_preferences(
    p_user_id uuid, p_color_scheme text DEFAULT NULL, p_accent_color text DEFAULT NULL, p_compact_mode boolean DEFAULT NULL,
    p_email_list_view text DEFAULT NULL, p_calendar_view text DEFAULT NULL, p_tasks_sort_by text DEFAULT NULL,
    p_notify_on_operation_completion boolean DEFAULT NULL, p_notify_on_operation_failure boolean DEFAULT NULL,
    p_notify_on_cost_limit_warning boolean DEFAULT NULL, p_notify_on_cost_limit_exceeded boolean DEFAULT NULL,
    p_sidebar_collapsed boolean DEFAULT NULL)
    RETURNS helix.ui_theme_preferences LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_set_theme_preferences';
COMMENT ON FUNCTION helix.set_theme_preferences(uuid, text, text, boolean, text, text, text, boolean, boolean, boolean, boolean,
    boolean) IS
    'Changes how a user wants the interface and returns it as stored; null keeps a value. The words are those of '
    'helix.ui_theme_preferences. 22023 on another word or color, 42501 on another user''s id.';

CREATE FUNCTION helix.reset_preferences(p_user_id uuid) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_reset_preferences';
COMMENT ON FUNCTION helix.reset_preferences(uuid) IS
    'Deletes all that is stored of a user''s preferences, so that the defaults apply; the log stays. 42501 on another user''s id.';

INSERT INTO helix_internal.known_reads (family, parameters, form, query, ttl_setting) VALUES
    ('op_prefs', 1, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', $$
        SELECT coalesce(pg_catalog.jsonb_agg(p), '[]') FROM helix.get_operation_preferences($1::uuid) p
     $$, 'helix.cache_preferences_ttl'),
    ('op_pref', 2, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[^:]+$', $$
        SELECT pg_catalog.to_jsonb(p) FROM helix.get_operation_preference($1::uuid, $2) p
     $$, 'helix.cache_preferences_ttl'),
    ('theme_prefs', 1, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', $$
        SELECT pg_catalog.to_jsonb(t) FROM helix.get_theme_preferences($1::uuid) t
     $$, 'helix.cache_theme_ttl');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.known_operation(text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.default_theme(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_operation_preferences(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_operation_preference(uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.set_operation_preference(uuid, text, text, boolean, jsonb, numeric)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.bulk_update_operation_preferences(uuid, jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_theme_preferences(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.set_theme_preferences(uuid, text, text, boolean, text, text, text, boolean, '
                      'boolean, boolean, boolean, boolean)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.reset_preferences(uuid)');
