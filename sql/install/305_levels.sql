-- The levels of the rollup: minutes, quarters of an hour, days. Each is true for the folded part of the ledger only, and each
-- next one for what has been closed into it: see the horizons in helix_internal.watermark. The views in helix add them up.
-- Columns of fixed width come first, the widest first, so that none needs padding: sparse users have a row for each execution.
CREATE FUNCTION helix_internal.usage_key(p_operation_id text, p_provider text, p_model text, p_date date) RETURNS uuid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_usage_key';
COMMENT ON FUNCTION helix_internal.usage_key(text, text, text, date) IS
    'Half of a SHA-256 of these. It looks up no name, so it pins no search path.';

CREATE TABLE helix_internal.usage_minutes (
    minute              timestamptz NOT NULL,
    executions          bigint      NOT NULL,
    successes           bigint      NOT NULL,
    latency_count       bigint      NOT NULL,
    first_recorded_at   timestamptz NOT NULL,
    date                date        NOT NULL,
    latency_min         integer,
    latency_max         integer,
    slot                smallint    NOT NULL,
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    provider            text        NOT NULL,
    model               text        NOT NULL,
    cost_usd            numeric     NOT NULL,
    max_cost_usd        numeric,
    latency_sum         numeric     NOT NULL,
    input_tokens        numeric     NOT NULL,
    cached_input_tokens numeric     NOT NULL,
    output_tokens       numeric     NOT NULL,
    latency_sketch      bytea
) PARTITION BY LIST (slot);
CREATE TABLE helix_internal.usage_minutes_0 PARTITION OF helix_internal.usage_minutes FOR VALUES IN (0);
CREATE TABLE helix_internal.usage_minutes_1 PARTITION OF helix_internal.usage_minutes FOR VALUES IN (1);
CREATE TABLE helix_internal.usage_minutes_2 PARTITION OF helix_internal.usage_minutes FOR VALUES IN (2);
CREATE INDEX usage_minutes_user ON helix_internal.usage_minutes (user_id, minute);
-- Closing summarizes the BRIN indexes. A fold of many would ask autovacuum more often than its list is long.
CREATE INDEX usage_minutes_minute ON helix_internal.usage_minutes USING brin (minute) WITH (pages_per_range = 32);
COMMENT ON TABLE helix_internal.usage_minutes IS
    'The finest level: a row for each fold that saw the minute (of occurred_at), user, operation, provider, model and date (the '
    'caller''s). A fold inserts and never updates, so an old snapshot costs no dead rows. Folds write to one slot for '
    'helix.usage_minutes_retention, then to the next, and the one before the last is emptied as a whole.';
COMMENT ON TABLE helix_internal.usage_minutes_0 IS 'A slot of usage_minutes';
COMMENT ON TABLE helix_internal.usage_minutes_1 IS 'A slot of usage_minutes';
COMMENT ON TABLE helix_internal.usage_minutes_2 IS 'A slot of usage_minutes';

CREATE TABLE helix_internal.usage_quarters (
    quarter             timestamptz NOT NULL,
    executions          bigint      NOT NULL,
    successes           bigint      NOT NULL,
    latency_count       bigint      NOT NULL,
    first_recorded_at   timestamptz NOT NULL,
    date                date        NOT NULL,
    latency_min         integer,
    latency_max         integer,
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    provider            text        NOT NULL,
    model               text        NOT NULL,
    cost_usd            numeric     NOT NULL,
    max_cost_usd        numeric,
    latency_sum         numeric     NOT NULL,
    input_tokens        numeric     NOT NULL,
    cached_input_tokens numeric     NOT NULL,
    output_tokens       numeric     NOT NULL,
    latency_sketch      bytea
) WITH (fillfactor = 90);
-- With the texts themselves the index took two fifths of all that quarters take.
CREATE UNIQUE INDEX usage_quarters_key ON helix_internal.usage_quarters
    (user_id, quarter, helix_internal.usage_key(operation_id, provider, model, date));
CREATE INDEX usage_quarters_quarter ON helix_internal.usage_quarters USING brin (quarter) WITH (pages_per_range = 32);
COMMENT ON TABLE helix_internal.usage_quarters IS
    'Sums of closed minutes by quarter of an hour (of occurred_at), which every time zone in use is a multiple of. Kept for '
    'helix.usage_quarters_retention.';

CREATE TABLE helix_internal.cost_trends (
    total_operations    bigint  NOT NULL,
    successes           bigint  NOT NULL,
    latency_count       bigint  NOT NULL,
    date                date    NOT NULL,
    user_id             uuid    NOT NULL,
    total_cost_usd      numeric NOT NULL,
    anthropic_cost      numeric NOT NULL,
    deepseek_cost       numeric NOT NULL,
    gemini_cost         numeric NOT NULL,
    openai_cost         numeric NOT NULL,
    latency_sum         numeric NOT NULL,
    input_tokens        numeric NOT NULL,
    cached_input_tokens numeric NOT NULL,
    output_tokens       numeric NOT NULL,
    latency_sketch      bytea,
    PRIMARY KEY (user_id, date)
) WITH (fillfactor = 70);
CREATE INDEX idx_cost_trends_user_cost ON helix_internal.cost_trends (user_id, date DESC, total_cost_usd DESC);
COMMENT ON TABLE helix_internal.cost_trends IS 'Sums of closed quarters by user and date (the caller''s), for ever';

CREATE TABLE helix_internal.operation_execution_analytics (
    period_start        timestamptz NOT NULL,
    executions          bigint      NOT NULL,
    successes           bigint      NOT NULL,
    latency_count       bigint      NOT NULL,
    first_recorded_at   timestamptz NOT NULL,
    date                date        NOT NULL,
    latency_min         integer,
    latency_max         integer,
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    provider            text        NOT NULL,
    model               text        NOT NULL,
    cost_usd            numeric     NOT NULL,
    max_cost_usd        numeric,
    latency_sum         numeric     NOT NULL,
    input_tokens        numeric     NOT NULL,
    cached_input_tokens numeric     NOT NULL,
    output_tokens       numeric     NOT NULL,
    latency_sketch      bytea,
    PRIMARY KEY (user_id, period_start, operation_id, provider, model, date)
) WITH (fillfactor = 70);
CREATE INDEX idx_analytics_composite ON helix_internal.operation_execution_analytics (user_id, operation_id, period_start DESC);
COMMENT ON TABLE helix_internal.operation_execution_analytics IS
    'Sums of closed quarters by UTC day (of occurred_at), user, operation, provider, model and date (the caller''s), for ever';
COMMENT ON COLUMN helix_internal.operation_execution_analytics.first_recorded_at IS
    'Tells verify_ledger() whether the ledger still holds every row of this key';

-- Users see their own rows alone: see first_visible_user().
ALTER TABLE helix_internal.usage_minutes ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_minutes FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.usage_minutes USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.usage_minutes_0 ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_minutes_0 FORCE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_minutes_1 ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_minutes_1 FORCE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_minutes_2 ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_minutes_2 FORCE ROW LEVEL SECURITY;
-- A publication of all tables would else refuse changes there: closing, emptying of a slot, and reprice().
ALTER TABLE helix_internal.usage_quarters REPLICA IDENTITY FULL;
ALTER TABLE helix_internal.usage_minutes_0 REPLICA IDENTITY FULL;
ALTER TABLE helix_internal.usage_minutes_1 REPLICA IDENTITY FULL;
ALTER TABLE helix_internal.usage_minutes_2 REPLICA IDENTITY FULL;
ALTER TABLE helix_internal.usage_quarters ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.usage_quarters FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.usage_quarters USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.cost_trends ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.cost_trends FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.cost_trends USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.operation_execution_analytics ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.operation_execution_analytics FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.operation_execution_analytics USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

SELECT pg_catalog.pg_extension_config_dump('helix_internal.usage_minutes_0', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.usage_minutes_1', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.usage_minutes_2', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.usage_quarters', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.cost_trends', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.operation_execution_analytics', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.usage_minutes'),
    ('authenticated', 'SELECT ON helix_internal.usage_quarters'),
    ('authenticated', 'SELECT ON helix_internal.cost_trends'),
    ('authenticated', 'SELECT ON helix_internal.operation_execution_analytics');
