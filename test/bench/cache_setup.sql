-- The tables, and the results, of test/bench/cache.
CREATE EXTENSION helix;
CREATE SCHEMA bench;

CREATE FUNCTION bench.user_id(number integer) RETURNS uuid IMMUTABLE RETURN lpad(number::text, 32, '0')::uuid;

-- 1 to 10,000 are changed by the others, of which 1 to 1,000 are looked up; from 10,001 on they are timed.
CREATE TABLE bench.preferences (user_id uuid PRIMARY KEY, value jsonb NOT NULL) WITH (fillfactor = 70);
INSERT INTO bench.preferences
SELECT bench.user_id(i), (SELECT jsonb_object_agg(operation, jsonb_build_object(
           'provider', 'anthropic', 'model', 'claude-haiku-4-5', 'temperature', i % 10 * 0.1, 'max_tokens', 100 + i))
         FROM unnest(ARRAY['email-classify', 'email-compose', 'email-respond', 'task-breakdown', 'task-summary']) operation)
  FROM generate_series(1, 10000 + :samples) i;
SELECT helix.invalidate_on_change('bench.preferences', 'recommendations:{user_id}');

CREATE TABLE bench.trends (user_id uuid PRIMARY KEY, value int NOT NULL) WITH (fillfactor = 70);
INSERT INTO bench.trends SELECT bench.user_id(10000 + i), 0 FROM generate_series(1, 2 * :samples) i;
SELECT helix.invalidate_on_change('bench.trends', 'cost_trends:{user_id}:*');

CREATE TABLE bench.burst (user_id uuid PRIMARY KEY, batch int NOT NULL, value int NOT NULL) WITH (fillfactor = 30);
INSERT INTO bench.burst SELECT bench.user_id(1000000 + i), i / 500, 0 FROM generate_series(0, 99999) i;
CREATE INDEX ON bench.burst (batch);
SELECT helix.invalidate_on_change('bench.burst', 'recommendations:{user_id}');

CREATE TABLE bench.results (what text, pair int, value float8 NOT NULL, PRIMARY KEY (what, pair));
CREATE TABLE bench.gone (kind text, ms float8 NOT NULL);

-- Recording: what pgbench has told each second, and the times in which Redis was in a state. Each is paired with one without Redis.
CREATE TABLE bench.progress (kind text, at float8 NOT NULL, tps float8 NOT NULL, latency float8 NOT NULL);
CREATE TABLE bench.times (kind text, pair int, state text, paired_with text, from_time float8 NOT NULL, until_time float8 NOT NULL,
                          side_us float8 NOT NULL, busy_us float8 NOT NULL, PRIMARY KEY (kind, paired_with, pair, state));
COMMENT ON COLUMN bench.times.side_us IS 'Processor time of Redis and the invalidator';
COMMENT ON COLUMN bench.times.busy_us IS 'Processor time of the whole machine';
VACUUM ANALYZE;
