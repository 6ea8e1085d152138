-- Budgets over time: random joins, moves and leaves among random recordings (late, and of the future), adjustments,
-- reservations, folds and closes of levels. Every budget, in random zones, says what plain SQL finds over a log of all that
-- happened.
SET timezone = 'UTC';
SET jit = off; -- as the functions that read budgets have it
SELECT setseed(0.20261128);
CREATE FUNCTION pg_temp.uuid_of(kind text, number integer) RETURNS uuid LANGUAGE sql AS $$
    SELECT (kind || '0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.pick(many integer) RETURNS integer LANGUAGE sql AS $$ SELECT floor(random() * many)::integer + 1 $$;
-- Minutes, hours or weeks ago.
CREATE FUNCTION pg_temp.some_time_ago() RETURNS timestamptz LANGUAGE sql AS $$
    SELECT clock_timestamp() - random() * (ARRAY[interval '20 minutes', '30 hours', '34 days'])[pg_temp.pick(3)] $$;
CREATE TEMP TABLE stays (group_id uuid, user_id uuid, from_at timestamptz, until_at timestamptz DEFAULT 'infinity');
CREATE TEMP TABLE spent (user_id uuid, operation_id text, usd numeric, at timestamptz);
CREATE TEMP TABLE held (id uuid, user_id uuid, operation_id text, usd numeric, at timestamptz);

-- Teams 2 and 3 are parts of 1 and 2, and 4 stands alone. User 9 spends nothing, and sees all of them.
INSERT INTO helix.budget_groups (id, name, parent_id)
    SELECT pg_temp.uuid_of('d', i), 'team ' || i, CASE WHEN i IN (2, 3) THEN pg_temp.uuid_of('d', i - 1) END
      FROM generate_series(1, 4) i;
INSERT INTO helix.budget_group_members (group_id, user_id)
    SELECT pg_temp.uuid_of('d', i), pg_temp.uuid_of('e', 9) FROM generate_series(1, 4) i;
CREATE TEMP TABLE zones AS SELECT name FROM pg_timezone_names WHERE name ~ '^[A-Z][a-z]+/';
CREATE FUNCTION pg_temp.some_zone() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN random() < 0.2 THEN 'Asia/Kathmandu' WHEN random() < 0.2 THEN 'Pacific/Kiritimati'
                ELSE (SELECT name FROM zones ORDER BY random() LIMIT 1) END;
END $$;
INSERT INTO helix.budgets (user_id, operation_id, group_id, period, limit_usd, time_zone)
    SELECT w.user_id, w.operation_id, w.group_id, p, 100000, pg_temp.some_zone()
      FROM unnest('{day,week,month}'::text[]) p,
           (SELECT NULL::uuid AS user_id, NULL AS operation_id, pg_temp.uuid_of('d', i) AS group_id FROM generate_series(1, 4) i
            UNION ALL
            SELECT pg_temp.uuid_of('e', i), o, NULL FROM generate_series(1, 2) i, unnest('{NULL,email-compose}'::text[]) o) w;

-- What the log says, beside what helix says.
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE sql AS $$
    WITH RECURSIVE parts AS (
        SELECT id AS group_id, id AS part FROM helix.budget_groups
        UNION ALL
        SELECT p.group_id, g.id FROM parts p JOIN helix.budget_groups g ON g.parent_id = p.part),
    periods AS (
        SELECT u.user_id, b.*, b.period_start::timestamp AT TIME ZONE b.time_zone AS from_at
          FROM (SELECT pg_temp.uuid_of('e', i) AS user_id FROM unnest('{1,2,9}'::integer[]) i) u, helix.budget_status(u.user_id) b
         WHERE (b.scope = 'group') = (u.user_id = pg_temp.uuid_of('e', 9)))
    SELECT format('%s by %s in %s: spent %s of %s, reserved %s of %s', coalesce(b.group_name, b.scope), b.period, b.time_zone,
               b.spent_usd, l.spent, b.reserved_usd, l.held)
      FROM periods b, LATERAL (
          SELECT coalesce(sum(c.usd) FILTER (WHERE c.is_spent), 0) AS spent,
                 coalesce(sum(c.usd) FILTER (WHERE NOT c.is_spent), 0) AS held
            FROM (SELECT user_id, operation_id, usd, at, true AS is_spent FROM spent
                  UNION ALL
                  SELECT user_id, operation_id, usd, at, false FROM held) c
           WHERE c.at >= b.from_at AND c.at < b.resets_at AND CASE WHEN b.scope = 'group' THEN EXISTS (
               SELECT FROM stays s JOIN parts p ON p.part = s.group_id
                WHERE p.group_id = b.group_id AND s.user_id = c.user_id AND c.at >= s.from_at AND c.at < s.until_at)
               ELSE c.user_id = b.user_id AND c.operation_id = coalesce(b.operation_id, c.operation_id) END) l
     WHERE (b.spent_usd, b.reserved_usd) IS DISTINCT FROM (l.spent, l.held) $$;

-- A user joins, moves or leaves: now, at the beginning of some quarter of an hour, or at any time of an hour ago and more.
CREATE PROCEDURE pg_temp.change_groups(who uuid) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz := clock_timestamp();
    since timestamptz := CASE WHEN random() < 0.3 THEN date_bin('15 minutes', pg_temp.some_time_ago(), '2000-01-01')
                              WHEN random() < 0.4 THEN pg_temp.some_time_ago() - interval '1 hour' END;
    other uuid := pg_temp.uuid_of('d', pg_temp.pick(4));
    one helix.budget_group_members;
    joined timestamptz;
BEGIN
    SELECT * INTO one FROM helix.budget_group_members WHERE user_id = who ORDER BY random() LIMIT 1;
    since := nullif(since, one.joined_at); -- an UPDATE to the same time says no time
    IF EXISTS (SELECT FROM helix.budget_group_members WHERE (group_id, user_id) = (other, who)) THEN
        DELETE FROM helix.budget_group_members WHERE (group_id, user_id) = (other, who);
        UPDATE stays SET until_at = clock_timestamp() WHERE (group_id, user_id, until_at) = (other, who, 'infinity');
        joined := coalesce(since, began);
    ELSIF one.group_id IS NULL OR random() < 0.4 THEN
        INSERT INTO helix.budget_group_members VALUES (other, who, since) RETURNING joined_at INTO joined;
        INSERT INTO stays VALUES (other, who, joined);
    ELSE
        UPDATE helix.budget_group_members SET group_id = other, joined_at = coalesce(since, joined_at)
         WHERE (group_id, user_id) = (one.group_id, who) RETURNING joined_at INTO joined;
        UPDATE stays SET until_at = joined WHERE (group_id, user_id, until_at) = (one.group_id, who, 'infinity');
        INSERT INTO stays VALUES (other, who, joined);
    END IF;
    IF joined <> since OR since IS NULL AND joined NOT BETWEEN began AND clock_timestamp() THEN
        RAISE 'joined at %', joined;
    END IF;
END $$;

CREATE FUNCTION pg_temp.some_operation() RETURNS text LANGUAGE sql AS $$
    SELECT (ARRAY['email-compose', 'task-breakdown'])[pg_temp.pick(2)] $$;

-- A user spends: without a reservation, by one that was made before, or by an adjustment.
CREATE PROCEDURE pg_temp.spend(who uuid) LANGUAGE plpgsql AS $$
DECLARE
    cost numeric := pg_temp.pick(1000) / 100.0;
    occurred timestamptz := CASE WHEN random() < 0.7 THEN pg_temp.some_time_ago()
                                 WHEN random() < 0.3 THEN clock_timestamp() + random() * interval '23 hours' END;
    operation text := pg_temp.some_operation();
    day date := CASE WHEN random() < 0.2 THEN current_date - pg_temp.pick(30) END;
    reservation held;
    new_id bigint;
    executed helix.executions;
BEGIN
    IF random() < 0.4 THEN
        DELETE FROM held WHERE id = (SELECT id FROM held WHERE user_id = who ORDER BY random() LIMIT 1)
            RETURNING * INTO reservation;
        operation := coalesce(reservation.operation_id, operation);
    END IF;
    IF random() < 0.1 AND reservation.id IS NULL THEN
        cost := -cost;
        new_id := helix.adjust_cost(who, operation, cost, 'credit', occurred);
    ELSE
        new_id := helix.record_operation_execution(who, operation, day, true, 1, cost, 'openai',
            p_reservation_id => reservation.id, p_occurred_at => occurred);
    END IF;
    SELECT * INTO executed FROM helix.executions WHERE id = new_id;
    IF reservation.id IS NULL THEN
        INSERT INTO spent VALUES (who, operation, cost, executed.occurred_at);
    ELSE
        INSERT INTO spent VALUES (who, operation, least(cost, reservation.usd), reservation.at),
            (who, operation, greatest(cost - reservation.usd, 0), executed.recorded_at);
    END IF;
END $$;

CREATE PROCEDURE pg_temp.reserve(who uuid) LANGUAGE plpgsql AS $$
DECLARE
    reserved uuid := helix.reserve_budget(who, pg_temp.some_operation(), pg_temp.pick(500) / 100.0, '1 day');
BEGIN
    INSERT INTO held SELECT id, user_id, operation_id, amount_usd, created_at FROM helix_internal.budget_reservations
     WHERE id = reserved;
END $$;

CREATE TEMP TABLE found (what text);
DO $$
DECLARE
    who uuid;
BEGIN
    FOR i IN 1 .. 450 LOOP
        who := pg_temp.uuid_of('e', pg_temp.pick(4));
        CASE
            WHEN random() < 0.3 THEN CALL pg_temp.change_groups(who);
            WHEN random() < 0.7 THEN CALL pg_temp.spend(who);
            ELSE CALL pg_temp.reserve(who);
        END CASE;
        IF random() < 0.5 THEN
            COMMIT;
        END IF;
        IF random() < 0.1 THEN
            PERFORM helix.fold();
        ELSIF random() < 0.05 THEN
            PERFORM helix_internal.close_levels(clock_timestamp() + interval '10 minutes' * greatest(i - 300, 0));
        END IF;
        IF i % 6 = 0 THEN
            INSERT INTO found SELECT format('after %s: %s', i, d) FROM pg_temp.differences() d;
        END IF;
    END LOOP;
END $$;
SELECT what FROM found LIMIT 5;

-- There was enough of each, and what was spent while they were in no group, or in a group that they have left, is among it.
SELECT (SELECT count(*) > 60 FROM stays) AS stays, (SELECT count(*) > 30 FROM stays WHERE until_at < 'infinity') AS left_since,
       (SELECT count(*) > 30 FROM stays
         WHERE from_at <> date_bin('15 minutes', from_at, '2000-01-01')) AS within_quarters,
       (SELECT count(*) > 150 FROM spent) AS spent, (SELECT count(*) > 5 FROM spent WHERE at > now()) AS of_the_future,
       (SELECT count(*) > 20 FROM held) AS held,
       (SELECT count(*) > 10 FROM spent c WHERE NOT EXISTS (SELECT FROM stays s WHERE s.user_id = c.user_id
           AND c.at >= s.from_at AND c.at < s.until_at)) AS in_no_group,
       (SELECT count(DISTINCT spent_usd) > 2 FROM helix.budget_status(pg_temp.uuid_of('e', 9))) AS sums;

-- Leave nothing behind.
SELECT count(helix.release_reservation(id)) > 0 AS released FROM held;
DELETE FROM helix.budgets WHERE user_id IN (SELECT pg_temp.uuid_of('e', i) FROM generate_series(1, 2) i);
DELETE FROM helix.budget_groups WHERE id IN (SELECT pg_temp.uuid_of('d', i) FROM generate_series(1, 4) i);
SELECT count(*) FROM helix_internal.past_memberships p
 WHERE p.user_id IN (SELECT pg_temp.uuid_of('e', i) FROM generate_series(1, 9) i);
SELECT count(*) FROM helix.verify_ledger();
