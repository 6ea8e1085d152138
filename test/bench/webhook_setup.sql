CREATE EXTENSION helix;
CREATE EXTENSION pgcrypto;
CREATE SCHEMA bench;
CREATE TABLE bench.results (what text, pair integer, value double precision);
CREATE TABLE bench.bodies (bytes integer PRIMARY KEY, body bytea, signature text);
INSERT INTO bench.bodies SELECT n, b, encode(hmac(b, 's3cret', 'sha256'), 'hex')
  FROM (SELECT n, decode(repeat('ab', n), 'hex') FROM unnest(ARRAY[1024, 65536]) n) v (n, b);
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, webhook_secret_ref, webhook_rate_limit) VALUES
    ('be0c0000-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001', 'email-compose', 'webhook',
        'env://HELIX_SECRET_BENCH', NULL);
-- The peer: what an application would have at least.
CREATE TABLE bench.events (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), schedule_id uuid NOT NULL, signature text, payload jsonb,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE bench.jobs (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), schedule_id uuid NOT NULL, payload jsonb,
    status text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now());
-- What senders send is signed beforehand: that is their work. Client c's call i is row 20000 c + i.
CREATE TABLE bench.calls (n integer PRIMARY KEY, body text, signature text);
INSERT INTO bench.calls SELECT n, b, encode(hmac(b, 's3cret', 'sha256'), 'hex')
  FROM (SELECT n, '{"id": ' || n || ', "data": "' || repeat('x', 180) || '"}' FROM generate_series(1, 640000) n) v (n, b);
VACUUM ANALYZE;
