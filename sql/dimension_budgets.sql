-- Budgets on dimensions: what has a value of a key of the metadata counts, and nothing else.
SET timezone = 'UTC';
SET jit = off; -- as the functions that read budgets have it
\set VERBOSITY terse
\set kim '''d1b00000-0000-4000-8000-000000000001'''
\set lea '''d1b00000-0000-4000-8000-000000000002'''
CREATE FUNCTION pg_temp.spend(p_user uuid, p_usd numeric, p_metadata jsonb, p_reservation uuid DEFAULT NULL,
    p_at timestamptz DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT helix.record_operation_execution(p_user, 'email-compose', NULL, true, 1, p_usd, 'openai', p_metadata => p_metadata,
        p_reservation_id => p_reservation, p_occurred_at => p_at) $$;
CREATE FUNCTION pg_temp.used(p_user uuid) RETURNS TABLE (scope text, budget text, spent numeric, reserved numeric, rest numeric)
    LANGUAGE sql AS $$
    SELECT b.scope, concat_ws(' ', b.dimension_key, b.dimension_value, b.period), b.spent_usd, b.reserved_usd, b.remaining_usd
      FROM helix.budget_status(p_user) b $$;

-- Only what is counted can be limited, with a value, and not together with an operation.
INSERT INTO helix.budgets (user_id, dimension_key, dimension_value, period, limit_usd) VALUES (:kim, 'crew', 'red', 'day', 10);
ALTER SYSTEM SET helix.dimensions = 'crew';
SELECT pg_reload_conf(), pg_sleep(1);
SELECT helix.fold() >= 0 AS folded;
INSERT INTO helix.budgets (user_id, dimension_key, period, limit_usd) VALUES (:kim, 'crew', 'day', 10);
INSERT INTO helix.budgets (user_id, operation_id, dimension_key, dimension_value, period, limit_usd)
    VALUES (:kim, 'email-compose', 'crew', 'red', 'day', 10);
INSERT INTO helix.budgets (user_id, dimension_key, dimension_value, period, limit_usd)
    VALUES (:kim, 'crew', 'red', 'day', 10), (:kim, 'crew', '7', 'day', 1);
INSERT INTO helix.budgets (user_id, dimension_key, dimension_value, period, limit_usd) VALUES (:kim, 'crew', 'red', 'day', 5);
UPDATE helix.budgets SET dimension_key = 'squad' WHERE user_id = :kim;

-- A reservation counts where its metadata has the value, as text.
SELECT helix.reserve_budget(:kim, 'email-compose', 6, p_metadata => '{"crew": "red", "floor": 3}') AS red \gset
SELECT helix.get_remaining_budget(:kim, 'email-compose', '{"crew": "red"}') AS red,
       helix.get_remaining_budget(:kim, 'email-compose', '{"crew": 7}') AS seven,
       helix.get_remaining_budget(:kim, 'email-compose', '{"crew": ["red"]}') AS no_value,
       helix.get_remaining_budget(:kim, 'email-compose') AS without,
       helix.is_within_budget(:kim, 'email-compose', 4, '{"crew": "red"}') AS fits,
       helix.is_within_budget(:kim, 'email-compose', 4.01, '{"crew": "red"}') AS too_much,
       helix.is_within_budget(:kim, 'email-compose', 100, '{"crew": "blue"}') AS others_fit;
DO $$
DECLARE
    detail text;
BEGIN
    PERFORM helix.reserve_budget('d1b00000-0000-4000-8000-000000000001', 'email-compose', 4.01, p_metadata => '{"crew": "red"}');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '%: %', SQLSTATE, regexp_replace(detail, '^Budget [0-9a-f-]+ |; resets .*', '', 'g');
END $$;
SELECT helix.reserve_budget(:kim, 'email-compose', 1, p_metadata => '[]');
SELECT helix.release_reservation(helix.reserve_budget(:kim, 'email-compose', 100)) AS free,
       helix.release_reservation(helix.reserve_budget(:kim, 'email-compose', 100, p_metadata => '{"crew": "blue"}')) AS blue;

-- What is recorded with the value counts: settled, without a reservation, corrected, folded or not.
SELECT pg_temp.spend(:kim, 5.5, '{"crew": "red"}', :'red') > 0 AS settled;
SELECT pg_temp.spend(:kim, 2.25, '{"crew": "red"}') AS spent, pg_temp.spend(:kim, 0.125, '{"crew": 7}') > 0 AS seven,
       pg_temp.spend(:kim, 50, '{"crew": "blue"}') > 0 AS blue, pg_temp.spend(:kim, 50, NULL) > 0 AS without \gset
SELECT * FROM pg_temp.used(:kim);
SELECT helix.finalize_execution(:spent, p_cost_usd => 3) IS NOT NULL AS corrected;
SELECT * FROM pg_temp.used(:kim);
SELECT helix.fold() > 0 AS folded;
SELECT * FROM pg_temp.used(:kim);
SELECT helix.set_cost_budget(:kim, 1000);
SELECT helix.set_cost_budget(:kim, NULL);
SELECT budget FROM pg_temp.used(:kim);
DELETE FROM helix.budgets WHERE user_id = :kim;

-- Random events, zones, periods and groups, and a value that is too long for sums of its own: as plain SQL says.
SELECT setseed(0.20261128);
CREATE TEMP TABLE zones AS SELECT name FROM pg_timezone_names WHERE name ~ '^[A-Z][a-z]+/';
CREATE TEMP TABLE spent (user_id uuid, crew text, usd numeric, at timestamptz, is_spent boolean, reservation uuid);
INSERT INTO spent SELECT :kim, crew, usd, now(), true FROM (VALUES ('red', 5.5), ('red', 3)) v (crew, usd);
CREATE TEMP TABLE stays (from_at timestamptz, until_at timestamptz DEFAULT 'infinity');
CREATE TEMP TABLE found (what text);
CREATE FUNCTION pg_temp.some_crew() RETURNS text LANGUAGE sql AS $$
    SELECT (ARRAY['red', 'blue', repeat('ä', 150)])[1 + floor(random() * 3)] $$;
CREATE FUNCTION pg_temp.some_zone() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN random() < 0.3 THEN 'UTC' ELSE (SELECT name FROM zones ORDER BY random() LIMIT 1) END;
END $$;
INSERT INTO helix.budget_groups (id, name) VALUES ('d1b00000-0000-4000-8000-0000000000aa', 'crews');
INSERT INTO helix.budget_group_members (group_id, user_id, joined_at)
    VALUES ('d1b00000-0000-4000-8000-0000000000aa', :lea, '2026-01-01');
INSERT INTO helix.budgets (user_id, group_id, dimension_key, dimension_value, period, limit_usd, time_zone)
    SELECT w.user_id, w.group_id, 'crew', c, p, 100000, pg_temp.some_zone()
      FROM (VALUES (:kim::uuid, NULL::uuid), (NULL, 'd1b00000-0000-4000-8000-0000000000aa')) w (user_id, group_id),
           unnest(ARRAY['red', repeat('ä', 150)]) c, unnest('{day,week,month}'::text[]) p;
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s by %s in %s: spent %s of %s, reserved %s of %s', b.scope, left(b.dimension_value, 3), b.period,
               b.time_zone, b.spent_usd, l.spent, b.reserved_usd, l.held)
      FROM (VALUES ('d1b00000-0000-4000-8000-000000000001'::uuid, 'dimension'),
                   ('d1b00000-0000-4000-8000-000000000002', 'group')) u (id, scope),
           helix.budget_status(u.id) b, LATERAL (
          SELECT coalesce(sum(s.usd) FILTER (WHERE s.is_spent), 0) AS spent,
                 coalesce(sum(s.usd) FILTER (WHERE NOT s.is_spent), 0) AS held
            FROM spent s
           WHERE s.crew = b.dimension_value AND s.at >= b.period_start::timestamp AT TIME ZONE b.time_zone AND s.at < b.resets_at
             AND CASE WHEN s.user_id = u.id THEN true
                      ELSE b.scope = 'group' AND EXISTS (
                           SELECT FROM stays t WHERE s.at >= t.from_at AND s.at < t.until_at) END) l
     WHERE b.scope = u.scope AND (b.spent_usd, b.reserved_usd) IS DISTINCT FROM (l.spent, l.held) $$;
CREATE PROCEDURE pg_temp.event() LANGUAGE plpgsql AS $$
DECLARE
    who uuid := format('d1b00000-0000-4000-8000-00000000000%s', CASE WHEN random() < 0.6 THEN 1 ELSE 2 END);
    of_crew text := pg_temp.some_crew();
    cost numeric := (1 + floor(random() * 1000)) / 100;
    occurred timestamptz := CASE WHEN random() < 0.6 THEN clock_timestamp() - random() * interval '34 days'
                                 WHEN random() < 0.3 THEN clock_timestamp() + random() * interval '20 hours' END;
    held spent;
    executed helix.executions;
BEGIN
    IF random() < 0.2 THEN
        INSERT INTO spent (reservation)
            VALUES (helix.reserve_budget(who, 'email-compose', cost, '1 day', jsonb_build_object('crew', of_crew)));
        UPDATE spent SET (user_id, crew, usd, at, is_spent) = (who, of_crew, r.amount_usd, r.created_at, false)
          FROM helix_internal.budget_reservations r WHERE r.id = reservation AND spent.user_id IS NULL;
        RETURN;
    END IF;
    IF random() < 0.4 THEN
        DELETE FROM spent WHERE reservation = (SELECT reservation FROM spent WHERE user_id = who AND NOT is_spent LIMIT 1)
            RETURNING * INTO held;
    END IF;
    cost := pg_temp.spend(who, cost, jsonb_build_object('crew', of_crew), held.reservation, occurred);
    SELECT * INTO executed FROM helix.executions WHERE id = cost;
    cost := executed.cost_usd;
    IF held.reservation IS NULL THEN
        INSERT INTO spent VALUES (who, of_crew, cost, executed.occurred_at, true);
    ELSE
        INSERT INTO spent VALUES (who, of_crew, least(cost, held.usd), held.at, true),
            (who, of_crew, greatest(cost - held.usd, 0), executed.recorded_at, true);
    END IF;
END $$;
DO $$
DECLARE
    changed timestamptz;
BEGIN
    FOR i IN 1 .. 200 LOOP
        CALL pg_temp.event();
        COMMIT;
        IF i % 25 = 0 THEN
            INSERT INTO helix.budget_group_members (group_id, user_id, joined_at)
                VALUES ('d1b00000-0000-4000-8000-0000000000aa', 'd1b00000-0000-4000-8000-000000000001',
                        CASE WHEN i % 50 = 0 THEN clock_timestamp() - interval '1 hour' - random() * interval '20 days' END)
                RETURNING joined_at INTO changed;
            INSERT INTO stays VALUES (changed);
        ELSIF i % 25 = 12 AND i > 25 THEN
            DELETE FROM helix.budget_group_members WHERE user_id = 'd1b00000-0000-4000-8000-000000000001';
            UPDATE stays SET until_at = (SELECT max(left_at) FROM helix_internal.past_memberships
                                          WHERE user_id = 'd1b00000-0000-4000-8000-000000000001') WHERE until_at = 'infinity';
        END IF;
        IF random() < 0.1 THEN
            PERFORM helix.fold();
        END IF;
        IF i % 8 = 0 THEN
            INSERT INTO found SELECT format('after %s: %s', i, d) FROM pg_temp.differences() d;
        END IF;
    END LOOP;
END $$;
SELECT what FROM found LIMIT 5;
SELECT count(*) FILTER (WHERE at > now() - interval '1 day') > 20 AS lately, count(*) > 50 AS red FROM spent WHERE crew = 'red';

-- Leave nothing behind.
DELETE FROM helix.budgets WHERE user_id = :kim OR group_id = 'd1b00000-0000-4000-8000-0000000000aa';
DELETE FROM helix.budget_groups WHERE id = 'd1b00000-0000-4000-8000-0000000000aa';
SELECT count(helix.release_reservation(reservation)) > 0 AS released FROM spent WHERE NOT is_spent;
ALTER SYSTEM RESET helix.dimensions;
SELECT pg_reload_conf(), pg_sleep(1);
SELECT helix.forget_dimension('crew') > 0 AS forgotten;
SELECT count(*) FROM helix.verify_ledger();
