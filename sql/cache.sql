-- The cache without a Redis: what each function returns then, and every refusal. What Redis does is in test/t.
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT state, connected_since, keys, hits FROM helix.cache_stats();
SELECT helix.cache_get('op_prefs:a11ce000-0000-0000-0000-000000000001') IS NULL AS miss;
SELECT helix.cache_set('mine:a11ce000-0000-0000-0000-000000000001', '{"a": 1}', 60) AS stored;
SELECT value IS NULL AS miss, token, helix.cache_set('k', '1', 60, token) AS stored FROM helix.cache_get_with_token('k');
SELECT helix.cache_get_or_fetch('k', $$SELECT jsonb_build_object('a', 1)$$, 60);
SELECT helix.cache_get_or_fetch('k', $$SELECT '{"b": 2}'::json$$, 60),
    pg_typeof(helix.cache_get_or_fetch('k', $$SELECT '1'::json$$, 60));
SELECT helix.cache_get_or_fetch('k', $$SELECT '1'::jsonb WHERE false$$, 60) IS NULL AS nothing;
SELECT helix.cache_delete('k'), helix.cache_delete_pattern('k:*'),
    helix.invalidate_user_cache('a11ce000-0000-0000-0000-000000000001'), helix.cache_flush_all();
SELECT * FROM helix.cache_audit(10);

-- Reads through the cache give what the functions give.
SELECT helix.record_operation_execution('cac4e000-0000-0000-0000-000000000001', 'email-compose', '2026-03-01', true, 120, 0.25,
    'openai', p_occurred_at => '2026-03-01 10:00+00') > 0 AS recorded;
SELECT helix.cache_read('op_metrics:cac4e000-0000-0000-0000-000000000001:email-compose:1772323200000:1772409600000')
    ->> 'total_cost_usd' AS cost;
SELECT helix.cache_read('op_metrics:cac4e000-0000-0000-0000-000000000001:email-compose:1772323200000:1772409600000') =
       (SELECT to_jsonb(m)
           FROM helix.get_operation_metrics('cac4e000-0000-0000-0000-000000000001', 'email-compose', '2026-03-01', '2026-03-02') m)
             AS same;
SELECT jsonb_array_length(helix.cache_read('all_op_metrics:cac4e000-0000-0000-0000-000000000001:1772323200000:1772409600000'))
    AS operations;
SELECT helix.cache_read('cost_trends:cac4e000-0000-0000-0000-000000000001:7');

-- Refusals.
SELECT failure($$SELECT helix.cache_get(NULL)$$);
SELECT failure($$SELECT helix.cache_get('')$$);
SELECT failure($$SELECT helix.cache_get(repeat('k', 513))$$);
SELECT failure($$SELECT helix.cache_get('helix:epoch')$$);
SELECT failure($$SELECT helix.cache_set('k', NULL, 60)$$);
SELECT failure($$SELECT helix.cache_set('k', '1', 0)$$);
SELECT failure($$SELECT helix.cache_set('k', '1', 86401)$$);
SELECT failure($$SELECT helix.cache_set('k', '1', NULL)$$);
SELECT failure($$SELECT helix.cache_get_with_token(NULL)$$);
SELECT failure($$SELECT helix.cache_get_with_token('helix:epoch')$$);
SELECT failure($$SELECT helix.cache_set('k', '1', 60, 'something')$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT 1', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT ''1''::jsonb, 2', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'VALUES (''1''::jsonb), (''2'')', 60)$$);
SELECT failure($$SELECT helix.cache_get('op_prefs:CAC4E000-0000-0000-0000-000000000001')$$);
SELECT failure($$SELECT helix.cache_read('cost_trends:cac4e000-0000-0000-0000-000000000001:07')$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'FETCH c', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SET work_mem = 64', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT to_jsonb(1) INTO TEMP t', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'CREATE TEMP TABLE t AS SELECT to_jsonb(1)', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'EXPLAIN (FORMAT JSON) SELECT to_jsonb(1)', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'COPY (SELECT to_jsonb(1)) TO STDOUT', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', '', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'COMMIT', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', NULL, 60)$$);
CREATE TABLE docs (id integer PRIMARY KEY, body jsonb);
INSERT INTO docs VALUES (1, '{"a": 1}');
CREATE VIEW locked_docs AS SELECT * FROM docs FOR UPDATE;
CREATE FUNCTION body_of(integer) RETURNS jsonb LANGUAGE sql AS 'SELECT body FROM docs WHERE id = $1';
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'TABLE docs LIMIT 0', 60)$$);
SELECT helix.cache_get_or_fetch('k', 'WITH d AS (SELECT * FROM docs) SELECT body FROM d', 60),
    helix.cache_get_or_fetch('k', 'SELECT body_of(1)', 60);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'WITH d AS (UPDATE docs SET id = 2 RETURNING body) SELECT body FROM d',
    60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'UPDATE docs SET id = 2 RETURNING body', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT body FROM docs FOR UPDATE', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT to_jsonb(d) FROM (SELECT * FROM docs FOR KEY SHARE SKIP LOCKED) d',
    60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT (SELECT body FROM docs FOR SHARE)', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT body FROM locked_docs', 60)$$);
TABLE docs;
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT 1/0', 60)$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('k', 'SELECT ''1''::jsonb; SELECT ''2''::jsonb', 60)$$);
SELECT failure($$SELECT helix.cache_read('preferences:cac4e000-0000-0000-0000-000000000001')$$);
SELECT failure($$SELECT helix.cache_read('cost_trends:cac4e000-0000-0000-0000-000000000001')$$);
SELECT failure($$SELECT helix.cache_read('cost_trends:somebody:7')$$);
SELECT failure($$SELECT helix.cache_read('cost_trends:cac4e000-0000-0000-0000-000000000001:many')$$);
SELECT failure($$SELECT helix.cache_get_or_fetch('cost_trends:cac4e000-0000-0000-0000-000000000001:7', 'SELECT to_jsonb(1)', 60)$$);
SELECT failure($$SELECT helix.cache_set('op_prefs:cac4e000-0000-0000-0000-000000000001', '1', 60)$$);
SELECT failure($$SELECT helix.cache_set('op_pref:cac4e000-0000-0000-0000-000000000001:x', '1', 60)$$);
SELECT failure($$SELECT helix.cache_set('theme_prefs:cac4e000-0000-0000-0000-000000000001', '1', 60)$$);
SELECT failure($$SELECT helix.cache_set('op_metrics:cac4e000-0000-0000-0000-000000000001:email-compose:1:2', '1', 60)$$);
SELECT failure($$SELECT helix.cache_set('all_op_metrics:cac4e000-0000-0000-0000-000000000001:1:2', '1', 60)$$);
SELECT helix.cache_set('cost_trends:cac4e000-0000-0000-0000-000000000001:mine', '1', 60) AS stored,
    helix.cache_set('recommendations:cac4e000-0000-0000-0000-000000000001:x5', '1', 60) AS stored;
SELECT failure($$SELECT helix.cache_set('recommendations:cac4e000-0000-0000-0000-000000000001:5', '1', 60)$$);
SELECT failure($$SELECT helix.cache_set('dashboard:cac4e000-0000-0000-0000-000000000001:7:Asia/Tokyo', '1', 60)$$);
SELECT helix.cache_read('dashboard:cac4e000-0000-0000-0000-000000000001:7:Asia/Tokyo')
       = helix.get_dashboard('cac4e000-0000-0000-0000-000000000001', 7, 'Asia/Tokyo') - 'as_of' AS dashboard;
SELECT helix.cache_read('recommendations:cac4e000-0000-0000-0000-000000000001:5') AS recommendations;
SELECT failure($$SELECT helix.cache_delete('helix:lease')$$);
SELECT failure($$SELECT helix.cache_delete_pattern('helix:*')$$);
SELECT failure($$SELECT helix.cache_delete_pattern('hel\ix:*')$$);
SELECT failure($$SELECT helix.invalidate_user_cache(NULL)$$);
SELECT failure($$SELECT * FROM helix.cache_audit(0)$$);
SELECT failure($$SELECT * FROM helix.cache_audit(NULL)$$);

-- A table whose rows are cached.
CREATE TABLE prefs (user_id uuid, operation_id text, v integer, day date);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', 'op_prefs:{nobody}')$$);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', 'op_prefs:{user_id')$$);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', 'op_prefs:user_id}')$$);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', '{user_id}:op')$$);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', 'mine:{user_id}')$$);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', 'op_prefs:{day}')$$);
SELECT failure($$SELECT helix.invalidate_on_change('helix.cost_trends', 'op_prefs:{user_id}')$$);
SELECT failure($$SELECT helix.invalidate_on_change(999999::oid::regclass, 'op_prefs:*')$$);
SELECT failure($$SELECT helix.invalidate_on_change('prefs', VARIADIC NULL)$$);
SELECT helix.invalidate_on_change('prefs', 'op_prefs:{user_id}', 'op_pref:{user_id}:{operation_id}');
SELECT failure($$SELECT helix.invalidate_on_change('prefs', 'op_prefs:{user_id}')$$);
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'prefs'::regclass ORDER BY 1;
INSERT INTO prefs VALUES ('cac4e000-0000-0000-0000-000000000001', 'email-compose', 1), (NULL, NULL, 2);
UPDATE prefs SET v = v + 1;
DELETE FROM prefs;
TRUNCATE prefs;
ALTER TABLE prefs RENAME COLUMN operation_id TO operation;
-- Makes every such key stale, and goes through.
INSERT INTO prefs VALUES ('cac4e000-0000-0000-0000-000000000001', 'email-compose', 1);
DROP TABLE prefs;
SELECT failure('SELECT helix_internal.invalidate_cache()');

-- Settings say what is wrong with them.
ALTER SYSTEM SET helix.redis_url = 'http://localhost';
ALTER SYSTEM SET helix.redis_url = 'redis://me:secret@localhost';
ALTER SYSTEM SET helix.redis_url = 'redis://localhost:0';
ALTER SYSTEM SET helix.redis_url = 'unix://run/redis';
ALTER SYSTEM SET helix.redis_password_ref = 'hunter2';
