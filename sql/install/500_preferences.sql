-- Preferences: what a user wants of each operation and of the interface, and the log of every change. Clients write the two tables
-- themselves; triggers refuse what makes no sense, keep the times and the log. There is no foreign key to helix.operations:
-- pg_restore -j loads the two tables at once.
CREATE TABLE helix.user_operation_preferences (
    id                  uuid        NOT NULL UNIQUE DEFAULT pg_catalog.gen_random_uuid(),
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    preferred_model     text        CHECK (preferred_model <> '' AND pg_catalog.length(preferred_model) <= 200),
    enabled             boolean     NOT NULL DEFAULT true,
    default_parameters  jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(default_parameters) = 'object'),
    cost_budget_monthly numeric     CHECK (cost_budget_monthly >= 0 AND cost_budget_monthly < 1000000000),
    created_at          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT idx_op_prefs_user PRIMARY KEY (user_id, operation_id)
);
COMMENT ON TABLE helix.user_operation_preferences IS
    'What users want of operations; upsert on (user_id, operation_id). id, created_at and updated_at are the database''s, '
    'whatever a client sends. Errors: 42704 an unknown operation or model, 22023 and 22003 a bad value, 42501 another user''s '
    'row.';
COMMENT ON COLUMN helix.user_operation_preferences.operation_id IS
    'One of helix.operations when it was set; while that is not there the row is not used';
COMMENT ON COLUMN helix.user_operation_preferences.preferred_model IS
    'A provider or a model of helix.model_prices, known when it was set; null: no preference';
COMMENT ON COLUMN helix.user_operation_preferences.enabled IS 'Whether the user wants the operation at all';
COMMENT ON COLUMN helix.user_operation_preferences.default_parameters IS 'An object: what the application passes to the operation';
COMMENT ON COLUMN helix.user_operation_preferences.cost_budget_monthly IS
    'USD that the operation may cost in a month, from 0 to below 10^9; null: no limit of its own';
COMMENT ON COLUMN helix.user_operation_preferences.updated_at IS 'When a value was last changed';

CREATE TABLE helix.ui_theme_preferences (
    user_id                        uuid        PRIMARY KEY,
    color_scheme                   text        NOT NULL DEFAULT 'auto' CHECK (color_scheme IN ('light', 'dark', 'auto')),
    accent_color                   text        NOT NULL DEFAULT '#3B82F6' CHECK (accent_color ~ '^#[0-9A-Fa-f]{6}$'),
    compact_mode                   boolean     NOT NULL DEFAULT false,
    email_list_view                text        NOT NULL DEFAULT 'list' CHECK (email_list_view IN ('grid', 'list', 'compact')),
    calendar_view                  text        NOT NULL DEFAULT 'week' CHECK (calendar_view IN ('month', 'week', 'day', 'agenda')),
    tasks_sort_by                  text        NOT NULL DEFAULT 'priority'
        CHECK (tasks_sort_by IN ('priority', 'due_date', 'created_at', 'alphabetical')),
    notify_on_operation_completion boolean     NOT NULL DEFAULT true,
    notify_on_operation_failure    boolean     NOT NULL DEFAULT true,
    notify_on_cost_limit_warning   boolean     NOT NULL DEFAULT true,
    notify_on_cost_limit_exceeded  boolean     NOT NULL DEFAULT true,
    sidebar_collapsed              boolean     NOT NULL DEFAULT false,
    created_at                     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at                     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE helix.ui_theme_preferences IS
    'How users want the interface; upsert on user_id. color_scheme: light, dark, auto; accent_color: #RRGGBB; email_list_view: '
    'grid, list, compact; calendar_view: month, week, day, agenda; tasks_sort_by: priority, due_date, created_at, alphabetical. '
    'created_at and updated_at are the database''s, whatever a client sends. Errors: 22023 another word or color, 42501 another '
    'user''s row.';
COMMENT ON COLUMN helix.ui_theme_preferences.updated_at IS 'When a value was last changed';

CREATE TABLE helix.preference_audit_log (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         uuid        NOT NULL,
    preference_type text        NOT NULL CHECK (preference_type IN ('operation', 'theme')),
    change_details  jsonb       NOT NULL,
    changed_by      name        NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX idx_preference_audit_user ON helix.preference_audit_log (user_id, changed_at DESC);
CREATE INDEX preference_audit_log_changed_at ON helix.preference_audit_log USING brin (changed_at) WITH (autosummarize = on);
COMMENT ON TABLE helix.preference_audit_log IS
    'Every change of a preference, in the order of id, kept for helix.preference_log_retention; written by the database alone. '
    'TRUNCATE of the preferences, which only their owner may do, is not in it.';
COMMENT ON COLUMN helix.preference_audit_log.preference_type IS 'operation or theme';
COMMENT ON COLUMN helix.preference_audit_log.change_details IS
    'action: insert, update or delete; old and new: the values before and after, null where there are none';
COMMENT ON COLUMN helix.preference_audit_log.changed_by IS 'The role that made the change';

ALTER TABLE helix.user_operation_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.user_operation_preferences FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.user_operation_preferences USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix.ui_theme_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.ui_theme_preferences FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.ui_theme_preferences USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix.preference_audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.preference_audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.preference_audit_log USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

-- A row that is inserted with another created_at than now() comes from a dump: only the owner can do that. It was checked and
-- logged where it was made.
CREATE FUNCTION helix_internal.check_preference() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_preference';
COMMENT ON FUNCTION helix_internal.check_preference() IS
    'Before insert or update of a preference: refuses what makes no sense and keeps id, created_at and updated_at';
CREATE FUNCTION helix_internal.log_preference() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_log_preference';
COMMENT ON FUNCTION helix_internal.log_preference() IS
    'After a change of a preference: its row of helix.preference_audit_log; the argument is the preference_type';

CREATE TRIGGER apply_defaults BEFORE INSERT OR UPDATE ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.apply_defaults();
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('operation_id text 200', 'preferred_model text 200',
        'default_parameters object', 'cost_budget_monthly amount');
CREATE TRIGGER check_caller BEFORE INSERT OR UPDATE ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_caller();
CREATE TRIGGER check_row_count AFTER INSERT OR UPDATE OF user_id ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_row_count('helix.max_preferences_per_user');
CREATE TRIGGER check_preference BEFORE INSERT OR UPDATE ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_preference();
CREATE TRIGGER log_insert AFTER INSERT ON helix.user_operation_preferences
    FOR EACH ROW WHEN (NEW.created_at = pg_catalog.now()) EXECUTE FUNCTION helix_internal.log_preference('operation');
CREATE TRIGGER log_update AFTER UPDATE ON helix.user_operation_preferences
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION helix_internal.log_preference('operation');
CREATE TRIGGER log_delete AFTER DELETE ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.log_preference('operation');

CREATE TRIGGER apply_defaults BEFORE INSERT OR UPDATE ON helix.ui_theme_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.apply_defaults();
CREATE TRIGGER check_caller BEFORE INSERT OR UPDATE ON helix.ui_theme_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_caller();
CREATE TRIGGER check_preference BEFORE INSERT OR UPDATE ON helix.ui_theme_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_preference();
CREATE TRIGGER log_insert AFTER INSERT ON helix.ui_theme_preferences
    FOR EACH ROW WHEN (NEW.created_at = pg_catalog.now()) EXECUTE FUNCTION helix_internal.log_preference('theme');
CREATE TRIGGER log_update AFTER UPDATE ON helix.ui_theme_preferences
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION helix_internal.log_preference('theme');
CREATE TRIGGER log_delete AFTER DELETE ON helix.ui_theme_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.log_preference('theme');

-- What helix.invalidate_on_change() makes, but whatever helix.cache_keys says when the extension is created.
CREATE TRIGGER helix_cache_rows AFTER INSERT OR UPDATE OR DELETE ON helix.user_operation_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.invalidate_cache('op_prefs:{user_id}', 'op_pref:{user_id}:{operation_id}');
CREATE TRIGGER helix_cache_truncate AFTER TRUNCATE ON helix.user_operation_preferences
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.invalidate_cache('op_prefs:{user_id}', 'op_pref:{user_id}:{operation_id}');
CREATE TRIGGER helix_cache_rows AFTER INSERT OR UPDATE OR DELETE ON helix.ui_theme_preferences
    FOR EACH ROW EXECUTE FUNCTION helix_internal.invalidate_cache('theme_prefs:{user_id}');
CREATE TRIGGER helix_cache_truncate AFTER TRUNCATE ON helix.ui_theme_preferences
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.invalidate_cache('theme_prefs:{user_id}');
-- Every user's list has a row for each operation.
CREATE TRIGGER helix_cache_rows AFTER INSERT OR UPDATE OR DELETE ON helix.operations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.invalidate_cache('op_prefs:*', 'op_pref:*:{operation_id}');
CREATE TRIGGER helix_cache_truncate AFTER TRUNCATE ON helix.operations
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.invalidate_cache('op_prefs:*', 'op_pref:*:{operation_id}');
ALTER TABLE helix.user_operation_preferences ENABLE ALWAYS TRIGGER helix_cache_rows, ENABLE ALWAYS TRIGGER helix_cache_truncate;
ALTER TABLE helix.ui_theme_preferences ENABLE ALWAYS TRIGGER helix_cache_rows, ENABLE ALWAYS TRIGGER helix_cache_truncate;
ALTER TABLE helix.operations ENABLE ALWAYS TRIGGER helix_cache_rows, ENABLE ALWAYS TRIGGER helix_cache_truncate;

SELECT pg_catalog.pg_extension_config_dump('helix.user_operation_preferences', '');
SELECT pg_catalog.pg_extension_config_dump('helix.ui_theme_preferences', '');
SELECT pg_catalog.pg_extension_config_dump('helix.preference_audit_log', '');
SELECT pg_catalog.pg_extension_config_dump('helix.preference_audit_log_id_seq', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT, INSERT, UPDATE, DELETE ON helix.user_operation_preferences'),
    ('authenticated', 'SELECT, INSERT, UPDATE, DELETE ON helix.ui_theme_preferences'),
    ('authenticated', 'SELECT ON helix.preference_audit_log');
