-- Operations and model prices: some rows ship with helix, and a DBA adds more.
CREATE FUNCTION helix_internal.shipped_row() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_shipped_row';
COMMENT ON FUNCTION helix_internal.shipped_row() IS
    'Before insert or update: a DBA''s own row takes the place of the shipped row with the same key. The trigger''s arguments '
    'name the key. A dump holds own rows alone, so it restores over what CREATE EXTENSION shipped.';

CREATE FUNCTION helix_internal.operations_changed() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_operations_changed';
COMMENT ON FUNCTION helix_internal.operations_changed() IS
    'After a change: tells every backend, at commit, to read operations and prices anew';

CREATE FUNCTION helix_internal.follow_operation() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_follow_operation';
COMMENT ON FUNCTION helix_internal.follow_operation() IS
    'After an operation is renamed or deleted: what waits, runs or is set under its id follows a rename. 23503 where executions '
    'of it are recorded, and where one is deleted that something refers to.';

CREATE TABLE helix.operations (
    operation_id text PRIMARY KEY CHECK (operation_id <> '' AND pg_catalog.length(operation_id) <= 200),
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    handler      regprocedure,
    default_input_tokens  bigint NOT NULL DEFAULT 2000 CHECK (default_input_tokens BETWEEN 0 AND 1000000000),
    default_output_tokens bigint NOT NULL DEFAULT 500 CHECK (default_output_tokens BETWEEN 0 AND 1000000000),
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    shipped      boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE helix.operations IS 'The operations that may be recorded. Add rows for your own.';
COMMENT ON COLUMN helix.operations.operation_id IS
    'What clients pass as p_operation_id. It may change until executions are recorded under it, then 23503. Schedules, budgets, '
    'preferences, reservations, batches, and what waits or runs follow a change. Deleting is 23503 while any of these but '
    'preferences refers to it.';
COMMENT ON COLUMN helix.operations.name IS 'Name for people';
COMMENT ON COLUMN helix.operations.description IS 'What the operation does';
COMMENT ON COLUMN helix.operations.handler IS
    'A function (execution uuid, payload jsonb) returning jsonb that the server itself runs for queued executions. It runs as the '
    'role that queued or scheduled them, never as a superuser. A field cost_usd of its result is the execution''s cost. Null: '
    'outside workers run the operation. Only superusers set it.';
COMMENT ON COLUMN helix.operations.default_input_tokens IS 'Input tokens that estimates assume while there is no history';
COMMENT ON COLUMN helix.operations.default_output_tokens IS 'Output tokens that estimates assume while there is no history';
COMMENT ON COLUMN helix.operations.created_at IS 'When the row was added';
COMMENT ON COLUMN helix.operations.shipped IS 'True while the row is as helix shipped it. Such rows are not dumped.';

CREATE TABLE helix.model_prices (
    provider                  text NOT NULL CHECK (provider <> '' AND pg_catalog.length(provider) <= 200),
    model                     text NOT NULL CHECK (model <> '' AND pg_catalog.length(model) <= 200),
    valid_from                timestamptz NOT NULL CHECK (pg_catalog.isfinite(valid_from)),
    input_usd_per_mtok        numeric NOT NULL,
    cached_input_usd_per_mtok numeric NOT NULL,
    output_usd_per_mtok       numeric NOT NULL,
    shipped                   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (provider, model, valid_from)
);
COMMENT ON TABLE helix.model_prices IS
    'List prices in USD per million tokens, with at most 12 decimals. Each is in force from valid_from until the model''s next '
    'row. Add rows for your own. helix.model_price_rates has what differs by tier, length of prompt and kind of usage.';
COMMENT ON COLUMN helix.model_prices.provider IS 'anthropic, deepseek, gemini, openai or another';
COMMENT ON COLUMN helix.model_prices.model IS 'The exact model name of the provider''s API';
COMMENT ON COLUMN helix.model_prices.valid_from IS 'Start of this price. Executions are priced by their occurred_at.';
COMMENT ON COLUMN helix.model_prices.input_usd_per_mtok IS 'USD per million input tokens that no cache served';
COMMENT ON COLUMN helix.model_prices.cached_input_usd_per_mtok IS 'USD per million input tokens read from the provider''s cache';
COMMENT ON COLUMN helix.model_prices.output_usd_per_mtok IS 'USD per million output tokens';
COMMENT ON COLUMN helix.model_prices.shipped IS 'True while the row is as helix shipped it. Such rows are not dumped.';

INSERT INTO helix.operations (operation_id, name, description, default_input_tokens, default_output_tokens, shipped) VALUES
    ('email-compose',     'Email composition',    'Drafts an email',                            1500, 600, true),
    ('email-classify',    'Email classification', 'Sorts an email by topic and urgency',        1200, 50, true),
    ('email-respond',     'Email response',       'Drafts an answer to an email',               2500, 500, true),
    ('calendar-prep',     'Meeting preparation',  'Gathers what a meeting needs',               4000, 900, true),
    ('calendar-time',     'Time finding',         'Finds a time for a meeting',                 1500, 200, true),
    ('task-prioritize',   'Task priorities',      'Orders tasks by importance',                 2000, 400, true),
    ('task-breakdown',    'Task breakdown',       'Splits a task into steps',                   1200, 800, true),
    ('analytics-summary', 'Analytics summary',    'Sums up a period in words',                  6000, 900, true),
    ('analytics-anomaly', 'Anomaly detection',    'Points out what is unusual in the figures',  6000, 500, true);

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.operations'),
    ('authenticated', 'SELECT ON helix.model_prices'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.operations'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.model_prices');
