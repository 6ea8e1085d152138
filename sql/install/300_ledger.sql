-- The ledger: one row per execution and per correction, never updated on the way in.
CREATE SEQUENCE helix_internal.execution_ids INCREMENT 64;
COMMENT ON SEQUENCE helix_internal.execution_ids IS 'Each value is the first of a block of 64 ids that one session hands out';

CREATE TABLE helix_internal.executions (
    id                  bigint      NOT NULL,
    xid                 bigint      NOT NULL,
    recorded_at         timestamptz NOT NULL,
    occurred_at         timestamptz NOT NULL,
    input_tokens        bigint,
    cached_input_tokens bigint,
    output_tokens       bigint,
    date                date        NOT NULL,
    latency_ms          integer,
    success             boolean     NOT NULL,
    pricing             "char"      NOT NULL,
    user_id             uuid        NOT NULL,
    operation_id        text        NOT NULL,
    provider            text        NOT NULL,
    model               text        NOT NULL,
    cost_usd            numeric     NOT NULL,
    request_id          text,
    trace_id            text,
    error               text,
    metadata            jsonb,
    usage               jsonb,
    service_tier        text,
    sent_model          text,
    corrects            bigint,
    revision            integer,
    final_cost_usd      numeric,
    final_usage         jsonb,
    reason              text
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE helix_internal.executions IS
    'The ledger, in partitions by UTC month of recorded_at. Partitions and their indexes are made by make_partition(), not by '
    'this script, so that pg_dump carries them. Only the recording functions and reprice() write it.';
COMMENT ON COLUMN helix_internal.executions.xid IS
    'Top-level transaction that recorded the row. Folding and reading go by it (xid8 has no BRIN operator class).';
COMMENT ON COLUMN helix_internal.executions.date IS
    'The day that it counts for: as the caller gave it, else the UTC day of occurred_at';
COMMENT ON COLUMN helix_internal.executions.pricing IS
    'g: the cost was given. p: it was priced, so reprice() may change it. u: unpriced, it lacks usage without a rate.';
COMMENT ON COLUMN helix_internal.executions.usage IS
    'Counts of types beyond input, cached input and output. They are also in the columns of tokens that they belong to.';
COMMENT ON COLUMN helix_internal.executions.service_tier IS 'The tier by which it was priced; null: standard';
COMMENT ON COLUMN helix_internal.executions.sent_model IS 'The model''s name as it was sent, where the price list has another';
COMMENT ON COLUMN helix_internal.executions.corrects IS
    'Null: an execution. Else the row is a correction of this execution: cost, tokens and usage are signed differences. They count '
    'in sums and never in counts. An adjustment without an execution has its own id.';
COMMENT ON COLUMN helix_internal.executions.revision IS
    'Of finalize_execution(): 1 for an execution''s first finalization, and so on. Null: an execution, or adjust_cost()';
COMMENT ON COLUMN helix_internal.executions.final_cost_usd IS
    'Of a finalization: what the execution costs by it. cost_usd is the difference to what stood before.';
COMMENT ON COLUMN helix_internal.executions.final_usage IS
    'Of a finalization: the usage that it priced, as an object of the columns of tokens and usage';
COMMENT ON COLUMN helix_internal.executions.reason IS 'Why adjust_cost() was called';

-- What has been folded: everything with an xid below next_xid that is not in open_xids, and every id up to base_id.
CREATE TABLE helix_internal.watermark (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    next_xid          bigint      NOT NULL DEFAULT 0,
    open_xids         bigint[]    NOT NULL DEFAULT '{}',
    base_id           bigint      NOT NULL DEFAULT 0,
    folded_rows       bigint      NOT NULL DEFAULT 0,
    folded_cost_usd   numeric     NOT NULL DEFAULT 0,
    folded_at         timestamptz,
    system_identifier bigint      NOT NULL DEFAULT 0,
    database          oid         NOT NULL DEFAULT 0,
    minutes_from      timestamptz NOT NULL DEFAULT '-infinity',
    minutes_closed    timestamptz NOT NULL DEFAULT '-infinity',
    quarters_from     timestamptz NOT NULL DEFAULT '-infinity',
    quarters_closed   timestamptz NOT NULL DEFAULT '-infinity',
    slot              smallint    NOT NULL DEFAULT 0,
    slot_since        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    slot_left_by      bigint      NOT NULL DEFAULT 0,
    tail_from         timestamptz NOT NULL DEFAULT '-infinity',
    next_tail_from    timestamptz NOT NULL DEFAULT '-infinity',
    next_tail_xid     bigint      NOT NULL DEFAULT 0,
    shipped           boolean     NOT NULL DEFAULT false,
    CHECK (minutes_from <= minutes_closed AND quarters_from <= quarters_closed AND quarters_closed <= minutes_closed
           AND quarters_from <= minutes_from)
);
COMMENT ON TABLE helix_internal.watermark IS
    'One row: the snapshot up to which the ledger is folded, running totals, how far the levels are closed, and where its '
    'transaction ids mean something. In any other cluster or database the first recording adopts the ledger. It is as shipped '
    'until the first recording.';
COMMENT ON COLUMN helix_internal.watermark.minutes_from IS 'From here on, usage_minutes has all that is folded';
COMMENT ON COLUMN helix_internal.watermark.minutes_closed IS
    'The horizon of minutes: what occurred before it is in usage_quarters. Never behind minutes_from';
COMMENT ON COLUMN helix_internal.watermark.quarters_from IS 'From here on, usage_quarters has all that is closed there';
COMMENT ON COLUMN helix_internal.watermark.quarters_closed IS
    'The horizon of quarters: what occurred before it is in the sums by day. Never behind quarters_from';
COMMENT ON COLUMN helix_internal.watermark.slot IS 'The partition of usage_minutes that folds write to';
COMMENT ON COLUMN helix_internal.watermark.slot_left_by IS
    'The transaction after which nobody needs the rows of the next slot any more';
COMMENT ON COLUMN helix_internal.watermark.tail_from IS
    'Nothing that was recorded before it is unfolded, or will be: reads of what is unfolded leave older months out';
COMMENT ON COLUMN helix_internal.watermark.next_tail_xid IS
    'Once all transactions before it are folded, tail_from becomes next_tail_from';
INSERT INTO helix_internal.watermark (shipped) VALUES (true);
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix_internal.watermark
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('only_row');

CREATE TABLE helix_internal.ledger_partitions (
    month           date PRIMARY KEY,
    folded_rows     bigint  NOT NULL DEFAULT 0,
    folded_cost_usd numeric NOT NULL DEFAULT 0,
    dropped_at      timestamptz
);
COMMENT ON TABLE helix_internal.ledger_partitions IS
    'What has been folded from each month of the ledger. A row stays when retention drops the month, so that totals can still be '
    'proved.';

CREATE TABLE helix_internal.request_ids (
    user_id      uuid        NOT NULL,
    request_id   text        NOT NULL,
    execution_id bigint      NOT NULL,
    content      bigint,
    recorded_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (user_id, request_id)
);
CREATE INDEX request_ids_recorded_at ON helix_internal.request_ids USING brin (recorded_at) WITH (autosummarize = on);
COMMENT ON TABLE helix_internal.request_ids IS
    'Request ids seen, with a digest of what they were used for. They are kept for helix.request_id_window, and as long as the '
    'ledger has their executions.';

-- Users see their own rows alone: see first_visible_user().
ALTER TABLE helix_internal.executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.executions FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.executions USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
ALTER TABLE helix_internal.request_ids ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.request_ids FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.request_ids USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

SELECT pg_catalog.pg_extension_config_dump('helix_internal.execution_ids', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.watermark', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.ledger_partitions', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.request_ids', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.executions'),
    ('authenticated', 'SELECT ON helix_internal.watermark'),
    ('service', 'SELECT ON helix_internal.ledger_partitions');
