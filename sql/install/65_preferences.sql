-- As much of the preferences as budgets need.
CREATE TABLE helix.user_operation_preferences (
    id                  uuid        NOT NULL UNIQUE DEFAULT pg_catalog.gen_random_uuid(),
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL REFERENCES helix.operations (operation_id) ON UPDATE CASCADE,
    preferred_model     text,
    cost_budget_monthly numeric     CHECK (cost_budget_monthly >= 0 AND cost_budget_monthly < 1000000000),
    CONSTRAINT idx_op_prefs_user PRIMARY KEY (user_id, operation_id)
);
COMMENT ON TABLE helix.user_operation_preferences IS 'Stand-in';
ALTER TABLE helix.user_operation_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.user_operation_preferences FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.user_operation_preferences USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
