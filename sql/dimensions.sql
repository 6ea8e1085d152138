-- Dimensions: exact sums by day for the values of keys of the metadata.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set ann '''d1a00000-0000-4000-8000-000000000001'''
\set ben '''d1a00000-0000-4000-8000-000000000002'''
CREATE FUNCTION pg_temp.spend(p_cost numeric, p_metadata jsonb, p_at timestamptz DEFAULT '2011-06-10 10:00+00',
    p_user uuid DEFAULT 'd1a00000-0000-4000-8000-000000000001', p_success boolean DEFAULT true, p_date date DEFAULT NULL)
    RETURNS bigint LANGUAGE sql AS $$
    SELECT helix.record_operation_execution(p_user, 'email-respond', p_date, p_success, 100, p_cost, 'openai',
        p_occurred_at => p_at, p_metadata => p_metadata) $$;
-- What one user, or all (null), get; never the total of other files' users.
CREATE FUNCTION pg_temp.teams(p_start timestamptz DEFAULT '2011-06-01', p_end timestamptz DEFAULT '2011-07-01',
    p_key text DEFAULT 'team') RETURNS TABLE (value text, kind text, executions bigint, successes bigint, cost_usd numeric)
    LANGUAGE sql AS $$
    SELECT d.value, d.kind, d.executions, d.successes, d.cost_usd FROM helix.get_cost_by_dimension(p_key, p_start, p_end) d $$;
CREATE ROLE regress_dimension_user;
CREATE ROLE regress_dimension_service;
SELECT helix.grant_api_access('regress_dimension_user', 'regress_dimension_service');
SELECT set_config('helix.user_id', :ann, false) <> '' AS signed_in;

-- A key that nobody named; settings that are refused.
SELECT * FROM helix.get_cost_by_dimension('team', '2011-06-01', '2011-07-01');
ALTER SYSTEM SET helix.dimensions = 'a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q';
ALTER SYSTEM SET helix.dimensions = 'a234567890123456789012345678901234567890123456789012345678901234';

-- What is folded before the key is named counts, and what is not folded yet.
SELECT helix.fold() >= 0 AS folded;
SELECT pg_temp.spend(1, '{"team": "red", "seats": 3}') > 0 AS recorded;
SELECT helix.fold();
SELECT pg_temp.spend(0.000000000001, '{"team": "red"}', p_success => false) AS red \gset
ALTER SYSTEM SET helix.dimensions = ' team, seats,,team ';
SELECT pg_reload_conf(), pg_sleep(1);
SELECT * FROM helix.get_cost_by_dimension('team', '2011-06-01', '2011-07-01');
SELECT helix.fold();
SET ROLE regress_dimension_user;
SELECT * FROM helix.get_cost_by_dimension('team', '2011-06-01', '2011-07-01');
SELECT * FROM helix.get_cost_by_dimension('seats', '2011-06-10 23:00+00', '2011-06-11 00:00+00');
RESET ROLE;
SELECT key, counted_since FROM helix.dimensions ORDER BY 1;

-- What is a value: text, numbers and booleans. Everything else is without. «other» and the empty text are ordinary values.
SELECT count(pg_temp.spend(('1' || repeat('0', n))::numeric, m))
  FROM (VALUES (1, '{"team": 7}'::jsonb), (1, '{"team": "7"}'), (2, '{"team": true}'), (3, '{"team": null}'),
    (3, '{"team": {"name": "red"}}'), (3, '{"team": ["red"]}'), (3, '["team"]'), (3, '"team"'), (3, NULL),
    (3, '{"Team": "red"}'), (4, '{"team": ""}'), (5, '{"team": "other"}'), (6, '{"team": "rouge \u00e9carlate"}')) v (n, m);
SELECT count(pg_temp.spend(c, jsonb_build_object('team', repeat('x', n)))) FROM (VALUES (0.5, 200), (0.25, 201)) v (c, n);
CREATE TEMP TABLE unfolded AS SELECT * FROM pg_temp.teams();
SET ROLE regress_dimension_user;
SELECT left(value, 20) AS value, kind, executions, successes, cost_usd
  FROM helix.get_cost_by_dimension('team', '2011-06-01', '2011-07-01');
RESET ROLE;
SELECT helix.fold();
SELECT * FROM unfolded EXCEPT SELECT * FROM pg_temp.teams();
SELECT * FROM helix.verify_ledger();

-- The day is the UTC day on which it occurred, whatever date the caller gave. A range is whole UTC days.
SELECT count(pg_temp.spend(c, '{"team": "day"}', t, p_date => '2011-06-20'))
  FROM (VALUES (1, '2011-06-14 23:59:59.999999+00'::timestamptz), (10, '2011-06-15 00:00:00+00'),
               (100, '2011-06-15 23:59:59.999999+00'), (1000, '2011-06-16 01:30:00+02'),
               (10000, '2011-06-16 00:00:00+00')) v (c, t);
SET ROLE regress_dimension_user;
SELECT value, cost_usd, first_day, last_day FROM helix.get_cost_by_dimension('team', '2011-06-15', '2011-06-16');
SELECT value, cost_usd, first_day, last_day FROM helix.get_cost_by_dimension('team', '2011-06-15 12:00+00', '2011-06-15 12:00+00');
SELECT value, cost_usd FROM helix.get_cost_by_dimension('team', '2011-06-15', '2011-06-15');
SELECT value, cost_usd FROM helix.get_cost_by_dimension('team', '2011-06-14 12:00+00', '2011-06-16 00:00:00.000001+00');
SELECT value, cost_usd, first_day, last_day FROM helix.get_cost_by_dimension('team', '-infinity', 'infinity')
 WHERE value = 'day';
SELECT * FROM helix.get_cost_by_dimension('team', '2011-06-16', '2011-06-15');
SELECT * FROM helix.get_cost_by_dimension('team', NULL, '2011-06-15');
SELECT * FROM helix.get_cost_by_dimension(NULL, '2011-06-15', '2011-06-15');
-- Nobody sees what others spend, or which values they have.
SELECT set_config('helix.user_id', :ben, false) <> '' AS signed_in;
SELECT * FROM helix.get_cost_by_dimension('team', '-infinity', 'infinity');
SELECT set_config('helix.user_id', '', false);
SELECT * FROM helix.get_cost_by_dimension('team', '-infinity', 'infinity');
SELECT * FROM helix_internal.dimension_values;
SELECT helix.forget_dimension('team');
RESET ROLE;
SELECT pg_temp.spend(5, '{"team": "red"}', p_user => :ben) > 0 AS recorded;
SET ROLE regress_dimension_service;
SELECT value, executions, cost_usd FROM helix.get_cost_by_dimension('team', '2011-06-10', '2011-06-11') WHERE value = 'red';
RESET ROLE;
SELECT helix.fold();

-- Corrections count for the values of their execution, as often and as late as they come; without an execution, for none.
SELECT helix.finalize_execution(:red, p_cost_usd => 2) AS final;
SELECT helix.adjust_cost(:ann, 'email-respond', -0.5, 'a credit', p_execution_id => :red) > 0 AS adjusted;
SELECT helix.adjust_cost(:ann, 'email-respond', 0.125, 'a fee', '2011-06-10 12:00+00') > 0 AS adjusted;
SELECT metadata FROM helix.executions WHERE corrects = :red ORDER BY id;
SET ROLE regress_dimension_user;
SELECT set_config('helix.user_id', :ann, false) <> '' AS signed_in;
SELECT value, kind, executions, successes, cost_usd FROM helix.get_cost_by_dimension('team', '2011-06-10', '2011-06-11')
 WHERE value = 'red' OR kind = 'without';
RESET ROLE;
SELECT helix.fold();
SET ROLE regress_dimension_user;
SELECT value, kind, executions, successes, cost_usd FROM helix.get_cost_by_dimension('team', '2011-06-10', '2011-06-11')
 WHERE value = 'red' OR kind = 'without';
RESET ROLE;
SELECT * FROM helix.verify_ledger();

-- A new price moves them too: folded, finalized, and not folded yet.
INSERT INTO helix.model_prices (provider, model, valid_from, input_usd_per_mtok, cached_input_usd_per_mtok, output_usd_per_mtok)
VALUES ('openai', 'dimension-model', '2010-01-01', 1, 1, 1);
SELECT helix.record_operation_execution(:ann, 'email-respond', NULL, true, 1, NULL, 'openai', 'dimension-model', 1000000,
    p_occurred_at => '2011-06-25 10:00+00', p_metadata => '{"team": "blue"}') AS blue \gset
SELECT helix.finalize_execution(:blue, p_input_tokens => 3000000);
SELECT helix.fold();
SELECT helix.record_operation_execution(:ann, 'email-respond', NULL, true, 1, NULL, 'openai', 'dimension-model', 1000000,
    p_occurred_at => '2011-06-25 10:00+00') > 0 AS recorded;
SELECT * FROM pg_temp.teams('2011-06-25', '2011-06-26');
UPDATE helix.model_prices SET input_usd_per_mtok = 5 WHERE model = 'dimension-model';
SELECT * FROM helix.reprice('2011-06-25', '2011-06-26', 'dimension-model');
SELECT * FROM pg_temp.teams('2011-06-25', '2011-06-26');
SELECT helix.fold();
SELECT * FROM pg_temp.teams('2011-06-25', '2011-06-26');
SELECT * FROM helix.verify_ledger();

-- 1,000 values have sums of their own, in the order in which they came; one of the others stays there.
SELECT named_values AS before FROM helix.dimensions WHERE key = 'seats' \gset
SELECT count(pg_temp.spend(1, jsonb_build_object('seats', n), '2011-06-28 10:00+00')) FROM generate_series(1, 1000) n;
SELECT pg_temp.spend(1, '{"seats": "too late"}', '2011-06-28 10:00+00') > 0 AS recorded;
SELECT helix.fold();
SELECT count(pg_temp.spend(c, m, '2011-06-28 10:00+00'))
  FROM (VALUES (100, '{"seats": "too late"}'::jsonb), (10, '{"seats": 5}'), (10000, '{"team": "red"}')) v (c, m);
SELECT named_values FROM helix.dimensions WHERE key = 'seats';
CREATE TEMP TABLE seats AS SELECT * FROM pg_temp.teams('2011-06-28', '2011-06-29', 'seats');
SELECT kind, count(*), sum(executions) AS executions, sum(cost_usd) AS cost_usd FROM seats GROUP BY 1 ORDER BY 1;
SELECT value, cost_usd FROM seats WHERE value IN ('5', '6', 'too late') ORDER BY 1;
SELECT helix.fold();
SELECT * FROM seats EXCEPT SELECT * FROM pg_temp.teams('2011-06-28', '2011-06-29', 'seats');
SELECT * FROM helix.verify_ledger();

-- verify_ledger() sees a cost that is wrong by its last decimal, a row too many, and one too few.
BEGIN;
UPDATE helix_internal.dimension_days SET cost_usd = cost_usd + 0.000000000001 WHERE user_id = :ann AND value = 'blue';
SELECT what, user_id, day, CASE WHEN day IS NOT NULL THEN expected END AS expected,
       CASE WHEN day IS NOT NULL THEN found END AS found
  FROM helix.verify_ledger();
ROLLBACK;
BEGIN;
UPDATE helix_internal.dimension_days SET value = 'green' WHERE user_id = :ann AND value = 'blue';
SELECT what, expected, found FROM helix.verify_ledger() ORDER BY 2;
ROLLBACK;
BEGIN;
DELETE FROM helix_internal.dimension_values WHERE value = 'blue';
SELECT what, expected, found FROM helix.verify_ledger() ORDER BY 2;
ROLLBACK;

-- A key goes on being counted until it is forgotten, for a slip in the settings must lose nothing.
SELECT helix.forget_dimension('team');
ALTER SYSTEM SET helix.dimensions = 'team';
SELECT pg_reload_conf(), pg_sleep(1);
SELECT pg_temp.spend(7, '{"seats": 6}', '2011-06-28 10:00+00') > 0 AS recorded;
SELECT helix.fold();
SELECT value, cost_usd FROM pg_temp.teams('2011-06-28', '2011-06-29', 'seats') WHERE value = '6';
SELECT helix.forget_dimension('seats') > 0 AS forgotten;
SELECT helix.forget_dimension('seats');
SELECT count(*) FROM helix_internal.dimension_days WHERE key = 'seats';
SELECT count(*) FROM helix_internal.dimension_values WHERE key = 'seats';
SELECT * FROM helix.verify_ledger();
ALTER SYSTEM RESET helix.dimensions;
SELECT pg_reload_conf(), pg_sleep(1);
SELECT helix.forget_dimension('team') > 0 AS forgotten;
SELECT helix.forget_dimension(NULL);
DELETE FROM helix.model_prices WHERE model = 'dimension-model';
DROP OWNED BY regress_dimension_user, regress_dimension_service;
DROP ROLE regress_dimension_user, regress_dimension_service;
