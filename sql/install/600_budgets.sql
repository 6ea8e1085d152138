-- Budgets: what users and groups of users may spend. A limit is a row here or a user's cost_budget_monthly. What is spent
-- is the ledger's sum, and what is reserved is the sum of open reservations. So there is no row that everybody who spends
-- writes.
CREATE TABLE helix.budget_groups (
    id         uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    name       text        NOT NULL UNIQUE CHECK (pg_catalog.length(name) BETWEEN 1 AND 200),
    parent_id  uuid        REFERENCES helix.budget_groups (id),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX budget_groups_parent ON helix.budget_groups (parent_id) WHERE parent_id IS NOT NULL;
COMMENT ON TABLE helix.budget_groups IS
    'Groups of users (tenants, teams) that share budgets. What a group spends counts for its parent too. 22023 where a group '
    'would become its own ancestor.';
COMMENT ON COLUMN helix.budget_groups.parent_id IS 'The group that this one is a part of. Null: none';

CREATE TABLE helix.budget_group_members (
    group_id  uuid        NOT NULL REFERENCES helix.budget_groups (id) ON DELETE CASCADE,
    user_id   uuid        NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX budget_group_members_user ON helix.budget_group_members (user_id);
COMMENT ON TABLE helix.budget_group_members IS
    'Who belongs to which group now. What members spend counts for the group that they are in at that time, also once they have '
    'left it.';
COMMENT ON COLUMN helix.budget_group_members.joined_at IS
    'From when on their spending counts for the group. Null: from now on. An earlier time brings what they have spent since.';

CREATE TABLE helix_internal.past_memberships (
    group_id  uuid        NOT NULL REFERENCES helix.budget_groups (id) ON DELETE CASCADE,
    user_id   uuid        NOT NULL,
    joined_at timestamptz NOT NULL,
    left_at   timestamptz NOT NULL
);
CREATE INDEX past_memberships_group ON helix_internal.past_memberships (group_id, left_at);
CREATE INDEX past_memberships_user ON helix_internal.past_memberships (user_id, left_at);
COMMENT ON TABLE helix_internal.past_memberships IS
    'Who has left a group, and when. Rows are forgotten after 40 days, when no budget''s period needs them.';

CREATE VIEW helix_internal.memberships WITH (security_invoker = true) AS
    SELECT m.group_id, m.user_id, m.joined_at, 'infinity'::timestamptz AS left_at FROM helix.budget_group_members m
    UNION ALL
    SELECT p.group_id, p.user_id, p.joined_at, p.left_at FROM helix_internal.past_memberships p;
COMMENT ON VIEW helix_internal.memberships IS 'Who was in which group from joined_at until left_at';

CREATE TABLE helix.budgets (
    id           uuid        PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    user_id      uuid,
    operation_id text        REFERENCES helix.operations (operation_id) ON UPDATE CASCADE,
    group_id     uuid        REFERENCES helix.budget_groups (id) ON DELETE CASCADE,
    dimension_key   text,
    dimension_value text,
    period       text        NOT NULL CHECK (period IN ('day', 'week', 'month')),
    time_zone    text        NOT NULL DEFAULT 'UTC',
    limit_usd    numeric     NOT NULL CHECK (limit_usd >= 0 AND limit_usd < 1000000000),
    warn_percent numeric     NOT NULL DEFAULT 80 CHECK (warn_percent BETWEEN 0 AND 100),
    hard         boolean     NOT NULL DEFAULT true,
    enabled      boolean     NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT budgets_one_scope CHECK ((user_id IS NULL) <> (group_id IS NULL)),
    CONSTRAINT budgets_operation_of_user CHECK (operation_id IS NULL OR user_id IS NOT NULL),
    CONSTRAINT budgets_whole_dimension CHECK ((dimension_key IS NULL) = (dimension_value IS NULL)),
    CONSTRAINT budgets_operation_or_dimension CHECK (operation_id IS NULL OR dimension_key IS NULL),
    CONSTRAINT budgets_one_per_period UNIQUE NULLS NOT DISTINCT
        (user_id, operation_id, group_id, dimension_key, dimension_value, period)
);
CREATE INDEX budgets_group ON helix.budgets (group_id) WHERE group_id IS NOT NULL;
COMMENT ON TABLE helix.budgets IS
    'What a user or a group may spend in a day, week or month: in all, with one operation of the user, or with one value of a '
    'dimension. There is one row for each of these and period. Users write their own rows. The database gives these their ids, '
    'whatever a client sends. A limit that users must not change is one of a group. A change waits for transactions that have '
    'reserved in its scope.';
COMMENT ON COLUMN helix.budgets.user_id IS 'Whose spending counts. Null where group_id is set';
COMMENT ON COLUMN helix.budgets.operation_id IS 'Only what this operation costs the user counts. Null: all that they spend';
COMMENT ON COLUMN helix.budgets.group_id IS
    'What its members and those of the groups in it spend counts. Null where user_id is set';
COMMENT ON COLUMN helix.budgets.dimension_key IS
    'Only executions count whose metadata has dimension_value under this key, which helix.dimensions counts (else 42704). Null: '
    'all';
COMMENT ON COLUMN helix.budgets.dimension_value IS 'The value as text. Null where dimension_key is';
COMMENT ON COLUMN helix.budgets.period IS 'day, week (from Monday) or month, by the calendar of time_zone';
COMMENT ON COLUMN helix.budgets.time_zone IS
    'Decides when the period begins and ends; helix_internal.spending_of() says which executions count. It is a name of '
    'pg_timezone_names, stored as it is spelled there; 22023 on any other. Where a restored name is unknown to the server, UTC '
    'counts and the log says so.';
COMMENT ON COLUMN helix.budgets.limit_usd IS 'USD per period, from 0 to below 10^9';
COMMENT ON COLUMN helix.budgets.warn_percent IS 'There are warnings from this percentage (0-100) of the limit on';
COMMENT ON COLUMN helix.budgets.hard IS 'True: reservations that would pass the limit are refused (HX001). False: they warn';

CREATE TABLE helix_internal.budget_reservations (
    id           uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL,
    operation_id text        NOT NULL,
    amount_usd   numeric     NOT NULL,
    expires_at   timestamptz NOT NULL,
    of_queue     boolean     NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    metadata     jsonb
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX budget_reservations_user ON helix_internal.budget_reservations (user_id);
COMMENT ON TABLE helix_internal.budget_reservations IS
    'Money set aside for what is about to run. It counts until the reservation is settled or released, or until expires_at.';
COMMENT ON COLUMN helix_internal.budget_reservations.created_at IS
    'It counts in the periods that this time lies in, and in no other';
COMMENT ON COLUMN helix_internal.budget_reservations.metadata IS
    'What it says of dimensions, for budgets that stand on one. Null: nothing';
COMMENT ON COLUMN helix_internal.budget_reservations.of_queue IS
    'True: it belongs to the queue''s execution with this id, and ends with it. Nobody else releases or settles it.';

CREATE TABLE helix_internal.moved_costs (
    user_id      uuid        NOT NULL,
    operation_id text        NOT NULL,
    usd          numeric     NOT NULL,
    counts_at    timestamptz NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    merged       boolean     NOT NULL DEFAULT false,
    dimensions   jsonb
);
CREATE INDEX moved_costs_counts_at ON helix_internal.moved_costs (user_id, counts_at);
CREATE INDEX moved_costs_occurred_at ON helix_internal.moved_costs (user_id, occurred_at);
CREATE INDEX moved_costs_recent ON helix_internal.moved_costs (recorded_at) WHERE NOT merged;
COMMENT ON TABLE helix_internal.moved_costs IS
    'Costs that count in another period of a budget than the ledger''s sums say, which go by occurred_at. What was reserved counts '
    'when it was reserved. What exceeds that counts when it was recorded. Rows are forgotten after 40 days.';
COMMENT ON COLUMN helix_internal.moved_costs.usd IS 'USD that count at counts_at and not where the sums have them';
COMMENT ON COLUMN helix_internal.moved_costs.counts_at IS
    'When they count; in merged rows see helix_internal.counting_time()';
COMMENT ON COLUMN helix_internal.moved_costs.occurred_at IS 'When they occurred, where the sums have them, likewise';
COMMENT ON COLUMN helix_internal.moved_costs.dimensions IS
    'The execution''s values of the keys that were counted when it was recorded. Null: none';
COMMENT ON COLUMN helix_internal.moved_costs.merged IS 'True once rows that count alike have been summed up';

CREATE TABLE helix.budget_warnings (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    budget_id    uuid        NOT NULL,
    user_id      uuid,
    group_id     uuid,
    operation_id text,
    period_start date        NOT NULL,
    level        text        NOT NULL CHECK (level IN ('warning', 'exceeded')),
    limit_usd    numeric     NOT NULL,
    spent_usd    numeric     NOT NULL,
    reserved_usd numeric     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    UNIQUE (budget_id, period_start, level)
);
CREATE INDEX budget_warnings_user ON helix.budget_warnings (user_id, created_at DESC);
CREATE INDEX budget_warnings_created_at ON helix.budget_warnings USING brin (created_at) WITH (autosummarize = on);
COMMENT ON TABLE helix.budget_warnings IS
    'When the worker first saw a budget reach its warn_percent (warning) or its limit (exceeded) in a period: one row each, in '
    'USD. Its id is sent to the channel helix_budget_warnings. The id alone tells nothing: those who may see the row read it by '
    'its id. Rows are kept for helix.budget_warning_retention, and while their period may not be over.';
COMMENT ON COLUMN helix.budget_warnings.budget_id IS 'The id of helix.budgets or of helix.user_operation_preferences';

ALTER TABLE helix.budget_group_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.budget_group_members FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.budget_group_members USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.past_memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.past_memberships FORCE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.past_memberships REPLICA IDENTITY FULL; -- so that all tables can be published
CREATE POLICY visible_users ON helix_internal.past_memberships USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.budget_reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.budget_reservations FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.budget_reservations USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.moved_costs ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.moved_costs FORCE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.moved_costs REPLICA IDENTITY FULL;
CREATE POLICY visible_users ON helix_internal.moved_costs USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
-- A group's rows are for those who may act for every user: they see more than one user.
ALTER TABLE helix.budgets ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.budgets FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.budgets USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
CREATE POLICY visible_groups ON helix.budgets USING (user_id IS NULL AND
    (SELECT helix_internal.first_visible_user() < helix_internal.last_visible_user()));
ALTER TABLE helix.budget_warnings ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.budget_warnings FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.budget_warnings USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
CREATE POLICY visible_groups ON helix.budget_warnings USING (user_id IS NULL AND
    (SELECT helix_internal.first_visible_user() < helix_internal.last_visible_user()));

-- A change of limits waits for those who have just reserved without knowing of it.
CREATE FUNCTION helix_internal.define_limits() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_define_limits';
COMMENT ON FUNCTION helix_internal.define_limits() IS
    'Before a change of limits: its arguments name columns. Locks the scopes that these hold, before and after the change.';
CREATE FUNCTION helix_internal.check_budget_group() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_budget_group';
COMMENT ON FUNCTION helix_internal.check_budget_group() IS 'Before a group gets another parent: refuses circles (22023)';
CREATE FUNCTION helix_internal.keep_membership() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_keep_membership';
COMMENT ON FUNCTION helix_internal.keep_membership() IS
    'Before a member joins, moves or leaves: says when, and keeps what was until then in helix_internal.past_memberships';
CREATE FUNCTION helix_internal.check_time_zone() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_time_zone';
COMMENT ON FUNCTION helix_internal.check_time_zone() IS
    'Before a budget gets a time_zone: refuses what is not in pg_timezone_names, and spells it as it stands there';
CREATE FUNCTION helix_internal.check_dimension() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_dimension';
COMMENT ON FUNCTION helix_internal.check_dimension() IS
    'Before a budget gets a dimension_key: refuses what helix.dimensions does not count (42704)';
CREATE TRIGGER apply_defaults BEFORE INSERT OR UPDATE ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.apply_defaults();
CREATE TRIGGER check_time_zone BEFORE INSERT OR UPDATE OF time_zone ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_time_zone();
CREATE TRIGGER check_dimension BEFORE INSERT OR UPDATE OF dimension_key ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_dimension();
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('operation_id text 200', 'dimension_key text 63',
        'dimension_value text 200', 'time_zone text 64', 'limit_usd amount', 'warn_percent percent');
CREATE TRIGGER check_caller BEFORE INSERT OR UPDATE ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_caller();
CREATE TRIGGER check_row_count AFTER INSERT OR UPDATE OF user_id ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_row_count('helix.max_budgets_per_user');
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.budget_groups
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('name text 200');
CREATE TRIGGER check_row_count AFTER INSERT OR UPDATE OF user_id ON helix.budget_group_members
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_row_count('helix.max_groups_per_user');
CREATE TRIGGER define_limits BEFORE INSERT OR UPDATE OR DELETE ON helix.budgets
    FOR EACH ROW EXECUTE FUNCTION helix_internal.define_limits('user_id', 'group_id');
CREATE TRIGGER define_limits BEFORE INSERT OR UPDATE OR DELETE ON helix.budget_group_members
    FOR EACH ROW EXECUTE FUNCTION helix_internal.define_limits('user_id');
-- After define_limits, which waits for those who reserve in the user's scope: what they reserve still counts where it was checked.
CREATE TRIGGER keep_membership BEFORE INSERT OR UPDATE OR DELETE ON helix.budget_group_members
    FOR EACH ROW EXECUTE FUNCTION helix_internal.keep_membership();
CREATE TRIGGER check_budget_group BEFORE INSERT OR UPDATE OF id, parent_id ON helix.budget_groups
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_budget_group();
CREATE TRIGGER define_limits_insert BEFORE INSERT ON helix.user_operation_preferences
    FOR EACH ROW WHEN (NEW.cost_budget_monthly IS NOT NULL) EXECUTE FUNCTION helix_internal.define_limits('user_id');
CREATE TRIGGER define_limits_update BEFORE UPDATE ON helix.user_operation_preferences
    FOR EACH ROW WHEN ((OLD.user_id, OLD.operation_id, OLD.cost_budget_monthly) IS DISTINCT FROM
                       (NEW.user_id, NEW.operation_id, NEW.cost_budget_monthly))
    EXECUTE FUNCTION helix_internal.define_limits('user_id');
CREATE TRIGGER define_limits_delete BEFORE DELETE ON helix.user_operation_preferences
    FOR EACH ROW WHEN (OLD.cost_budget_monthly IS NOT NULL) EXECUTE FUNCTION helix_internal.define_limits('user_id');

CREATE VIEW helix_internal.budget_limits WITH (security_invoker = true) AS
    SELECT b.id, CASE WHEN b.group_id IS NOT NULL THEN 'group' WHEN b.operation_id IS NOT NULL THEN 'operation'
                      WHEN b.dimension_key IS NOT NULL THEN 'dimension' ELSE 'user' END AS scope,
           b.user_id, b.operation_id, b.group_id, b.dimension_key, b.dimension_value, b.period, b.time_zone, b.limit_usd,
           b.warn_percent, b.hard
      FROM helix.budgets b
     WHERE b.enabled;
COMMENT ON VIEW helix_internal.budget_limits IS 'The limits of helix.budgets';
CREATE VIEW helix_internal.limits WITH (security_invoker = true) AS
    SELECT l.* FROM helix_internal.budget_limits l
    UNION ALL
    SELECT p.id, 'preference', p.user_id, p.operation_id, NULL::uuid, NULL::text, NULL::text, 'month', 'UTC',
           p.cost_budget_monthly, 80::numeric, true
      FROM helix.user_operation_preferences p
     WHERE p.cost_budget_monthly IS NOT NULL;
COMMENT ON VIEW helix_internal.limits IS
    'Every limit: the enabled budgets, and the monthly budgets of preferences (UTC, hard, warning at 80 %)';

-- The queue asks this for each execution that it claims: three looks into indexes.
CREATE VIEW helix_internal.limited_users WITH (security_invoker = true) AS
    SELECT b.user_id FROM helix.budgets b
    UNION ALL
    SELECT m.user_id FROM helix.budget_group_members m
    UNION ALL
    SELECT p.user_id FROM helix.user_operation_preferences p WHERE p.cost_budget_monthly IS NOT NULL;
COMMENT ON VIEW helix_internal.limited_users IS 'Users for whom there may be limits';

SELECT pg_catalog.pg_extension_config_dump('helix.budget_groups', '');
SELECT pg_catalog.pg_extension_config_dump('helix.budget_group_members', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.past_memberships', '');
SELECT pg_catalog.pg_extension_config_dump('helix.budgets', '');
SELECT pg_catalog.pg_extension_config_dump('helix.budget_warnings', '');
SELECT pg_catalog.pg_extension_config_dump('helix.budget_warnings_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.budget_reservations', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.moved_costs', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT, INSERT, UPDATE, DELETE ON helix.budgets'),
    ('authenticated', 'SELECT ON helix.budget_group_members'),
    ('authenticated', 'SELECT ON helix.budget_warnings'),
    ('authenticated', 'SELECT ON helix_internal.moved_costs'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.budget_group_members'),
    ('service', 'SELECT, INSERT, UPDATE, DELETE ON helix.budget_groups');
