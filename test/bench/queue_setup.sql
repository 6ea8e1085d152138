-- The peers and the results of test/bench/queue.
CREATE EXTENSION helix;
CREATE SCHEMA bench;

-- Peer of enqueueing: the queue's columns, checks and indexes, nothing to look up.
CREATE TABLE bench.bare (LIKE helix_internal.queue INCLUDING ALL) WITH (fillfactor = 50);

-- Peer of claiming: messages that are invisible until a time, and go to an archive when done. Vacuumed as eagerly as the queue.
CREATE TABLE bench.messages (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reads       int         NOT NULL DEFAULT 0,
    enqueued_at timestamptz NOT NULL DEFAULT now(),
    visible_at  timestamptz NOT NULL,
    message     jsonb
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX ON bench.messages (visible_at);
CREATE TABLE bench.archive (
    id bigint PRIMARY KEY, reads int NOT NULL, enqueued_at timestamptz NOT NULL, archived_at timestamptz NOT NULL DEFAULT now(),
    visible_at timestamptz NOT NULL, message jsonb);
CREATE INDEX ON bench.archive (archived_at);
CREATE TABLE bench.costs (
    id bigint GENERATED ALWAYS AS IDENTITY, message_id bigint NOT NULL, operation_id text NOT NULL, cost_usd numeric NOT NULL,
    latency_ms int NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now());

CREATE FUNCTION bench.send(message jsonb, notify boolean DEFAULT false) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE sent bigint;
BEGIN
    INSERT INTO bench.messages (visible_at, message) VALUES (clock_timestamp(), send.message) RETURNING id INTO sent;
    IF notify THEN
        PERFORM pg_notify('bench', '');
    END IF;
    RETURN sent;
END $$;

CREATE FUNCTION bench.read(seconds int, quantity int) RETURNS SETOF bench.messages LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT m.id FROM bench.messages m WHERE m.visible_at <= clock_timestamp() ORDER BY m.id
            LIMIT quantity FOR UPDATE SKIP LOCKED)
    UPDATE bench.messages m SET visible_at = clock_timestamp() + make_interval(secs => seconds), reads = m.reads + 1
      FROM due WHERE m.id = due.id RETURNING m.*;
END $$;

CREATE FUNCTION bench.finish(message_id bigint, cost_usd numeric DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (DELETE FROM bench.messages m WHERE m.id = message_id RETURNING m.*)
    INSERT INTO bench.archive (id, reads, enqueued_at, visible_at, message)
    SELECT g.id, g.reads, g.enqueued_at, g.visible_at, g.message FROM gone g;
    IF finish.cost_usd IS NOT NULL THEN
        INSERT INTO bench.costs (message_id, operation_id, cost_usd, latency_ms)
        VALUES (finish.message_id, 'email-compose', finish.cost_usd, 10);
    END IF;
END $$;

-- The pages that a claim of ten executions of an operation touches.
CREATE FUNCTION bench.claim_pages(operation text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT * FROM helix.claim_executions(%L, 10, p_operations => %L)',
        'w', ARRAY[operation]) INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::int + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::int;
END $$;

CREATE TABLE bench.results (what text, pair int, value float8 NOT NULL, PRIMARY KEY (what, pair));
CREATE TABLE bench.waits (kind text, ms float8 NOT NULL);
VACUUM ANALYZE;
