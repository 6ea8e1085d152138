-- Which limits apply to a user, what is used of them, and the functions that reserve. Bodies are parsed here, so no
-- search_path matters.
CREATE FUNCTION helix_internal.budget_period(p_period text, p_time_zone text, p_at timestamptz)
    RETURNS TABLE (period_start date, period_end date, starts_at timestamptz, resets_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
    BEGIN ATOMIC
        SELECT s.start::date, (s.start + s.length)::date, helix_internal.instant_of(p_time_zone, s.start),
               helix_internal.instant_of(p_time_zone, s.start + s.length)
          FROM (SELECT pg_catalog.date_trunc(p_period, helix_internal.local_time(p_time_zone, p_at)) AS start,
                       CASE p_period WHEN 'day' THEN interval '1 day' WHEN 'week' THEN interval '7 days'
                                     ELSE interval '1 month' END AS length) s;
    END;
COMMENT ON FUNCTION helix_internal.budget_period(text, text, timestamptz) IS
    'The day, week or month of a time zone in which p_at lies. Returns its first day, the day after its last, and when these two '
    'begin.';

CREATE FUNCTION helix_internal.groups_of(p_user_id uuid) RETURNS TABLE (id uuid) LANGUAGE sql STABLE ROWS 2
    BEGIN ATOMIC
        WITH RECURSIVE up AS (
            SELECT m.group_id AS id FROM helix.budget_group_members m WHERE m.user_id = p_user_id
            UNION
            SELECT g.parent_id FROM up JOIN helix.budget_groups g ON g.id = up.id WHERE g.parent_id IS NOT NULL)
        SELECT up.id FROM up;
    END;
COMMENT ON FUNCTION helix_internal.groups_of(uuid) IS 'The groups of a user, and all groups that these are in';

CREATE FUNCTION helix_internal.stays_in(p_group_id uuid, p_from timestamptz, p_until timestamptz)
    RETURNS TABLE (user_id uuid, from_at timestamptz, until_at timestamptz)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
        WITH RECURSIVE down AS (
            SELECT p_group_id AS id
            UNION
            SELECT g.id FROM down JOIN helix.budget_groups g ON g.parent_id = down.id),
        stays AS (
            SELECT m.user_id,
                   pg_catalog.unnest(pg_catalog.range_agg(
                       pg_catalog.tstzrange(m.joined_at, m.left_at) * pg_catalog.tstzrange(p_from, p_until))) AS stay
              FROM down JOIN helix_internal.memberships m ON m.group_id = down.id
             WHERE m.left_at > p_from AND m.joined_at < p_until
             GROUP BY m.user_id)
        SELECT t.user_id, pg_catalog.lower(t.stay), pg_catalog.upper(t.stay) FROM stays t;
    END;
COMMENT ON FUNCTION helix_internal.stays_in(uuid, timestamptz, timestamptz) IS
    'When in a period users were members of a group or of the groups in it. A user may have several rows; they do not overlap.';

CREATE FUNCTION helix_internal.counting_time(p_user_id uuid, p_at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE
    RETURN GREATEST(pg_catalog.date_bin('15 minutes', p_at, '2000-01-01 00:00:00+00'),
                    (SELECT pg_catalog.max(c.at)
                       FROM helix_internal.memberships m, LATERAL (VALUES (m.joined_at), (m.left_at)) c (at)
                      WHERE m.user_id = p_user_id AND c.at <= p_at));
COMMENT ON FUNCTION helix_internal.counting_time(uuid, timestamptz) IS
    'The beginning of the quarter of an hour of p_at, or the user''s last change of groups within it. Two times for which it is '
    'the same are in the same periods of every budget.';

CREATE FUNCTION helix_internal.limits_of(p_user_id uuid, p_operation_id text, p_metadata jsonb)
    RETURNS SETOF helix_internal.limits LANGUAGE sql STABLE ROWS 2
    BEGIN ATOMIC
        SELECT l.* FROM helix_internal.limits l
         WHERE l.user_id = p_user_id
           AND (p_operation_id IS NULL
                OR (l.operation_id IS NULL OR l.operation_id = p_operation_id)
                   AND (l.dimension_key IS NULL
                        OR helix_internal.dimension_value(p_metadata, NULL, l.dimension_key) = l.dimension_value))
        UNION ALL
        SELECT l.* FROM helix_internal.groups_of(p_user_id) g JOIN helix_internal.budget_limits l ON l.group_id = g.id
         WHERE p_operation_id IS NULL OR l.dimension_key IS NULL
            OR helix_internal.dimension_value(p_metadata, NULL, l.dimension_key) = l.dimension_value;
    END;
COMMENT ON FUNCTION helix_internal.limits_of(uuid, text, jsonb) IS
    'The limits that apply to an operation of a user with p_metadata. A null operation: all limits of the user.';

CREATE FUNCTION helix_internal.moved_to(p_user_id uuid, p_operation_id text, p_from timestamptz, p_until timestamptz)
    RETURNS TABLE (usd numeric) LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
        -- OFFSET 0: the bounds are computed once, not for each row.
        SELECT coalesce((SELECT pg_catalog.sum(m.usd)
                           FROM (SELECT p_from AS from_at, p_until AS until_at OFFSET 0) p, helix_internal.moved_costs m
                          WHERE m.user_id = p_user_id AND (p_operation_id IS NULL OR m.operation_id = p_operation_id)
                            AND m.counts_at >= p.from_at AND m.counts_at < p.until_at), 0)
             - coalesce((SELECT pg_catalog.sum(m.usd)
                           FROM (SELECT p_from AS from_at, p_until AS until_at OFFSET 0) p, helix_internal.moved_costs m
                          WHERE m.user_id = p_user_id AND (p_operation_id IS NULL OR m.operation_id = p_operation_id)
                            AND m.occurred_at >= p.from_at AND m.occurred_at < p.until_at), 0) AS usd;
    END;
COMMENT ON FUNCTION helix_internal.moved_to(uuid, text, timestamptz, timestamptz) IS
    'USD that count in a period and are not in its sums, less those that are in the sums and count in another period';

CREATE FUNCTION helix_internal.cost_between(p_user_id uuid, p_operation_id text, p_from timestamptz, p_until timestamptz)
    RETURNS TABLE (usd numeric) LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
        SELECT coalesce((SELECT pg_catalog.sum(u.cost_usd) FROM (
                   SELECT a.operation_id, a.cost_usd FROM helix_internal.operation_execution_analytics a
                    WHERE a.user_id = p_user_id AND a.period_start >= b.first_day AND a.period_start < b.last_day
                   UNION ALL
                   SELECT q.operation_id, q.cost_usd FROM helix_internal.usage_quarters q
                    WHERE q.user_id = p_user_id AND q.quarter >= b.from_at
                      AND q.quarter < LEAST(b.first_day, b.until_at, b.quarters_closed)
                   UNION ALL
                   SELECT q.operation_id, q.cost_usd FROM helix_internal.usage_quarters q
                    WHERE q.user_id = p_user_id AND q.quarter >= GREATEST(b.first_day, b.last_day)
                      AND q.quarter < LEAST(b.until_at, b.quarters_closed)
                   UNION ALL
                   SELECT q.operation_id, q.cost_usd FROM helix_internal.usage_quarters q
                    WHERE q.user_id = p_user_id AND q.quarter >= GREATEST(b.from_at, b.quarters_closed) AND q.quarter < b.until_at
                   UNION ALL
                   SELECT m.operation_id, m.cost_usd FROM helix_internal.usage_minutes m
                    WHERE m.user_id = p_user_id AND m.minute >= GREATEST(b.from_at, b.minutes_closed) AND m.minute < b.until_at
                   UNION ALL
                   SELECT e.operation_id, e.cost_usd FROM helix_internal.tail e
                    WHERE e.user_id = p_user_id AND e.occurred_at >= b.from_at AND e.occurred_at < b.until_at) u
                 WHERE p_operation_id IS NULL OR u.operation_id = p_operation_id), 0)
          FROM (SELECT p_from AS from_at, p_until AS until_at,
                       pg_catalog.date_bin('24 hours', p_from + interval '86399999999 microseconds', '2000-01-01 00:00:00+00')
                           AS first_day,
                       pg_catalog.date_bin('24 hours', p_until, '2000-01-01 00:00:00+00') AS last_day,
                       w.quarters_closed, w.minutes_closed
                  FROM helix_internal.watermark w OFFSET 0) b;
    END;
COMMENT ON FUNCTION helix_internal.cost_between(uuid, text, timestamptz, timestamptz) IS
    'USD that a user''s executions cost from p_from to before p_until, which are beginnings of a quarter of an hour: whole days, '
    'quarters at their ends, and what is not closed. As usage_between(), but it passes over minutes that are closed.';

CREATE FUNCTION helix_internal.spending_of(p_user_id uuid, p_operation_id text, p_from timestamptz, p_until timestamptz)
    RETURNS TABLE (usd numeric) LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
        SELECT c.usd
             + coalesce(CASE WHEN q.first > q.from_at OR q.last < q.until_at THEN
                   (SELECT pg_catalog.sum(e.cost_usd) FROM helix_internal.executions e
                     WHERE e.user_id = p_user_id AND (p_operation_id IS NULL OR e.operation_id = p_operation_id)
                       AND e.occurred_at >= q.from_at AND e.occurred_at < q.until_at
                       AND (e.occurred_at < q.first OR e.occurred_at >= q.last)) END, 0) + m.usd
          FROM (SELECT p.from_at, p.until_at,
                       pg_catalog.date_bin('15 minutes', p.from_at + interval '899999999 microseconds', '2000-01-01 00:00:00+00')
                           AS first,
                       pg_catalog.date_bin('15 minutes', p.until_at, '2000-01-01 00:00:00+00') AS last
                  FROM (SELECT p_from AS from_at, p_until AS until_at OFFSET 0) p OFFSET 0) q,
               helix_internal.cost_between(p_user_id, p_operation_id, q.first, q.last) c,
               helix_internal.moved_to(p_user_id, p_operation_id, q.from_at, q.until_at) m;
    END;
COMMENT ON FUNCTION helix_internal.spending_of(uuid, text, timestamptz, timestamptz) IS
    'USD that a user''s executions cost in a period from p_from to before p_until. What was reserved counts when it was reserved. '
    'What exceeds that counts when it was recorded. What was not reserved counts when it occurred, whatever its date. Where a '
    'bound lies within a quarter of an hour, the user''s rows of the ledger tell what this part of it has.';

CREATE FUNCTION helix_internal.dimension_spending_of(
    p_user_id uuid, p_key text, p_value text, p_from timestamptz, p_until timestamptz)
    RETURNS TABLE (usd numeric) LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
        SELECT coalesce((SELECT pg_catalog.sum(d.cost_usd) FROM helix_internal.dimension_days d
                          WHERE d.user_id = p_user_id AND d.key = p_key AND d.kind = 'v' AND d.value = p_value
                            AND d.day >= pg_catalog.timezone('UTC', w.first)::date
                            AND d.day < pg_catalog.timezone('UTC', w.last)::date), 0)
             + coalesce((SELECT pg_catalog.sum(e.cost_usd) FROM helix_internal.tail e
                          WHERE e.user_id = p_user_id AND e.occurred_at >= w.first AND e.occurred_at < w.last
                            AND helix_internal.dimension_value(e.metadata, e.corrects, p_key) = p_value), 0)
             + coalesce(CASE WHEN w.first > w.from_at OR w.last < w.until_at THEN
                   (SELECT pg_catalog.sum(e.cost_usd) FROM helix_internal.executions e
                     WHERE e.user_id = p_user_id AND e.occurred_at >= w.from_at AND e.occurred_at < w.until_at
                       AND (e.occurred_at < w.first OR e.occurred_at >= w.last)
                       AND helix_internal.dimension_value(e.metadata, e.corrects, p_key) = p_value) END, 0)
             + coalesce((SELECT pg_catalog.sum(m.usd) FROM helix_internal.moved_costs m
                          WHERE m.user_id = p_user_id AND m.counts_at >= w.from_at AND m.counts_at < w.until_at
                            AND m.dimensions ->> p_key = p_value), 0)
             - coalesce((SELECT pg_catalog.sum(m.usd) FROM helix_internal.moved_costs m
                          WHERE m.user_id = p_user_id AND m.occurred_at >= w.from_at AND m.occurred_at < w.until_at
                            AND m.dimensions ->> p_key = p_value), 0)
          FROM (SELECT p.from_at, p.until_at,
                       CASE WHEN p.named THEN pg_catalog.date_bin('24 hours', p.from_at + interval '86399999999 microseconds',
                                                                  '2000-01-01 00:00:00+00') ELSE p.until_at END AS first,
                       CASE WHEN p.named THEN pg_catalog.date_bin('24 hours', p.until_at, '2000-01-01 00:00:00+00')
                            ELSE p.until_at END AS last
                  FROM (SELECT p_from AS from_at, p_until AS until_at,
                               EXISTS (SELECT FROM helix_internal.dimension_values n WHERE (n.key, n.value) = (p_key, p_value))
                                   AS named OFFSET 0) p OFFSET 0) w;
    END;
COMMENT ON FUNCTION helix_internal.dimension_spending_of(uuid, text, text, timestamptz, timestamptz) IS
    'As spending_of(), of executions with a value of a dimension. Whole UTC days come from the sums by dimension. The ends of the '
    'period, and values without sums of their own, come from the user''s rows of the ledger.';

CREATE FUNCTION helix_internal.use_of(
    p_user_id uuid, p_operation_id text, p_group_id uuid, p_key text, p_value text, p_from timestamptz, p_until timestamptz,
    p_at timestamptz)
    RETURNS TABLE (spent_usd numeric, reserved_usd numeric) LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
        SELECT CASE
                   WHEN p_group_id IS NOT NULL AND p_key IS NOT NULL THEN
                       (SELECT coalesce(pg_catalog.sum(s.usd), 0) FROM helix_internal.stays_in(p_group_id, p_from, p_until) u,
                               LATERAL helix_internal.dimension_spending_of(u.user_id, p_key, p_value,
                                                                            u.from_at, u.until_at) s)
                   WHEN p_group_id IS NOT NULL THEN
                       (SELECT coalesce(pg_catalog.sum(s.usd), 0) FROM helix_internal.stays_in(p_group_id, p_from, p_until) u,
                               LATERAL helix_internal.spending_of(u.user_id, NULL, u.from_at, u.until_at) s)
                   WHEN p_key IS NOT NULL THEN
                       (SELECT s.usd FROM helix_internal.dimension_spending_of(p_user_id, p_key, p_value,
                                                                            p_from, p_until) s)
                   ELSE
                       (SELECT s.usd FROM helix_internal.spending_of(p_user_id, p_operation_id, p_from, p_until) s) END,
               coalesce(CASE
                   WHEN p_group_id IS NOT NULL THEN
                       (SELECT pg_catalog.sum(r.amount_usd)
                          FROM helix_internal.stays_in(p_group_id, p_from, p_until) u
                          JOIN helix_internal.budget_reservations r ON r.user_id = u.user_id
                         WHERE r.expires_at > p_at AND r.created_at >= u.from_at AND r.created_at < u.until_at
                           AND (p_key IS NULL
                                OR helix_internal.dimension_value(r.metadata, NULL, p_key) = p_value))
                   ELSE
                       (SELECT pg_catalog.sum(r.amount_usd) FROM helix_internal.budget_reservations r
                         WHERE r.user_id = p_user_id AND (p_operation_id IS NULL OR r.operation_id = p_operation_id)
                           AND (p_key IS NULL
                                OR helix_internal.dimension_value(r.metadata, NULL, p_key) = p_value)
                           AND r.expires_at > p_at AND r.created_at >= p_from AND r.created_at < p_until) END, 0);
    END;
COMMENT ON FUNCTION helix_internal.use_of(uuid, text, uuid, text, text, timestamptz, timestamptz, timestamptz) IS
    'What is used of a limit (p_key and p_value: its dimension) in a period, in USD: what was spent (see spending_of), and what '
    'was reserved and still is at p_at. For a group counts what users spent and reserved while they were members.';

CREATE FUNCTION helix_internal.limits_in_use(p_user_id uuid, p_operation_id text, p_metadata jsonb, p_at timestamptz)
    RETURNS TABLE (budget_id uuid, scope text, user_id uuid, operation_id text, group_id uuid, dimension_key text,
                   dimension_value text, period text, time_zone text, hard boolean, warn_percent numeric, period_start date,
                   period_end date, limit_usd numeric, spent_usd numeric, reserved_usd numeric, remaining_usd numeric,
                   resets_at timestamptz)
    LANGUAGE sql STABLE ROWS 2
    BEGIN ATOMIC
        SELECT s.id, s.scope, s.user_id, s.operation_id, s.group_id, s.dimension_key, s.dimension_value, s.period, s.time_zone,
               s.hard, s.warn_percent, s.period_start, s.period_end, s.limit_usd, s.spent_usd, s.reserved_usd,
               s.limit_usd - s.spent_usd - s.reserved_usd, s.resets_at
          FROM (SELECT l.*, p.*, u.*
                  FROM helix_internal.limits_of(p_user_id, p_operation_id, p_metadata) l,
                       LATERAL helix_internal.budget_period(l.period, l.time_zone, p_at) p,
                       LATERAL helix_internal.use_of(l.user_id, l.operation_id, l.group_id, l.dimension_key, l.dimension_value,
                                                     p.starts_at, p.resets_at, p_at) u
                OFFSET 0) s; -- so that what is used is summed once, however often it is named
    END;
COMMENT ON FUNCTION helix_internal.limits_in_use(uuid, text, jsonb, timestamptz) IS
    'The limits of limits_of() with what is used of them in the period of p_at';

CREATE FUNCTION helix.reserve_budget(
    p_user_id uuid, p_operation_id text, p_amount_usd numeric, p_ttl interval DEFAULT '10 minutes', p_metadata jsonb DEFAULT NULL)
    RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_reserve_budget';
COMMENT ON FUNCTION helix.reserve_budget(uuid, text, numeric, interval, jsonb) IS
    'Sets p_amount_usd (USD, from 0 to below 10^9) aside for an operation. Returns the reservation''s id, to be passed to the '
    'recording call. It counts in every budget of the user, in the periods in which it is made. In a budget that stands on a '
    'dimension it counts where p_metadata, an object, has its value. It does so until it is recorded or released, or until p_ttl '
    '(1 s to 30 days) is over. HX001 where it would pass a hard limit, with limit, spent, reserved and reset time in the detail. '
    'A warning (01000) from a budget''s warn_percent on, and where it passes a soft limit. Others who reserve in the same hard '
    'budget wait for the end of the transaction. Errors: 22004 null, 42704 unknown operation, 22003 a bad amount, 42501 another '
    'user''s id. 22023: a bad p_ttl, a p_metadata that is no object or larger than 65,536 bytes, or more than '
    'helix.max_reservations_per_user open ones.';

CREATE FUNCTION helix.release_reservation(p_reservation_id uuid) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_release_reservation';
COMMENT ON FUNCTION helix.release_reservation(uuid) IS
    'Gives up a reservation. False where it is gone already: settled, released or expired. Errors: 42501 another user''s, 55000 '
    'one of an execution of the queue.';

CREATE FUNCTION helix.get_remaining_budget(p_user_id uuid, p_operation_id text, p_metadata jsonb DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_get_remaining_budget';
COMMENT ON FUNCTION helix.get_remaining_budget(uuid, text, jsonb) IS
    'USD that an operation of a user may still cost: the least that any hard limit leaves after what is spent and reserved. '
    'Budgets on dimensions count where p_metadata has their value. Negative where more has been recorded. Null where there is no '
    'hard limit. 42501 another user''s id.';

CREATE FUNCTION helix.is_within_budget(
    p_user_id uuid, p_operation_id text, p_estimated_cost numeric, p_metadata jsonb DEFAULT NULL) RETURNS boolean
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_is_within_budget';
COMMENT ON FUNCTION helix.is_within_budget(uuid, text, numeric, jsonb) IS
    'Whether reserve_budget() would grant p_estimated_cost (USD) with p_metadata now. It reserves nothing. Errors are those of '
    'reserve_budget, but for HX001.';

CREATE FUNCTION helix.budget_status(p_user_id uuid)
    RETURNS TABLE (budget_id uuid, scope text, operation_id text, group_id uuid, group_name text, period text, time_zone text,
                   hard boolean, warn_percent numeric, period_start date, period_end date, limit_usd numeric, spent_usd numeric,
                   reserved_usd numeric, remaining_usd numeric, percent_used numeric, level text, resets_at timestamptz,
                   dimension_key text, dimension_value text)
    LANGUAGE c STABLE ROWS 5 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_budget_status';
COMMENT ON FUNCTION helix.budget_status(uuid) IS
    'A row for each budget that applies to a user, now. scope: user, operation, dimension, preference (cost_budget_monthly) or '
    'group. period_end is the last day, and resets_at is when the next period begins. Amounts are in USD. percent_used (0-100 and '
    'more; null for a limit of 0) and level (ok, warning, exceeded) count what is spent and reserved. 42501 another user''s id.';

CREATE FUNCTION helix.set_cost_budget(p_user_id uuid, p_amount numeric) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_set_cost_budget';
COMMENT ON FUNCTION helix.set_cost_budget(uuid, numeric) IS
    'Sets what a user may spend in a month, in USD; null removes it. It is a hard budget of all their operations, by UTC unless '
    'they have one already. 22003 a bad amount, 42501 another user''s id.';

CREATE FUNCTION helix.update_cost_budget(p_user_id uuid, p_amount numeric) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_update_cost_budget';
COMMENT ON FUNCTION helix.update_cost_budget(uuid, numeric) IS
    'For older clients, which add to a user''s spending with it. What is recorded is counted already, so it checks its arguments '
    'and changes nothing. set_cost_budget() sets the month''s limit. Errors: 22004 null, 22003 a bad amount, 42501 another '
    'user''s id.';

CREATE VIEW helix.cost_budgets WITH (security_invoker = true) AS
    SELECT b.id, b.user_id, pg_catalog.to_char(p.period_start, 'YYYY-MM') AS month, b.limit_usd AS monthly_budget_usd,
           (SELECT pg_catalog.trim_scale(s.usd)
              FROM helix_internal.spending_of(b.user_id, NULL, p.starts_at, p.resets_at) s)
               AS spent_amount_usd,
           b.warn_percent AS alert_threshold_percent, b.hard, b.time_zone
      FROM helix.budgets b, LATERAL helix_internal.budget_period(b.period, b.time_zone, pg_catalog.now()) p
     WHERE b.enabled AND b.period = 'month' AND b.user_id IS NOT NULL AND b.operation_id IS NULL
       AND b.dimension_key IS NULL;
COMMENT ON VIEW helix.cost_budgets IS
    'The monthly budgets of the users that the caller may see, in the current month of their time zone (YYYY-MM). USD, percent '
    '0-100. Written by set_cost_budget() and helix.budgets.';

CREATE FUNCTION helix_internal.expire_reservations() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_expire_reservations';
COMMENT ON FUNCTION helix_internal.expire_reservations() IS
    'What the worker does every 5 s: deletes reservations that have expired, which count no longer. Returns how many.';
CREATE FUNCTION helix_internal.tidy_moved_costs() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_tidy_moved_costs';
COMMENT ON FUNCTION helix_internal.tidy_moved_costs() IS
    'What the worker does every 5 s: sums up rows of moved_costs that count alike. Once an hour it also deletes those that no '
    'period needs. Returns how many it removed.';
CREATE FUNCTION helix_internal.warn_of_budgets() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_warn_of_budgets';
COMMENT ON FUNCTION helix_internal.warn_of_budgets() IS
    'Writes the rows of helix.budget_warnings that are due, for databases without a worker. Returns how many.';

CREATE FUNCTION helix.estimate_operation_cost(p_user_id uuid, p_operation_id text, p_model text DEFAULT NULL)
    RETURNS TABLE (low numeric, mid numeric, high numeric, basis text, samples integer)
    LANGUAGE sql STABLE ROWS 1
    BEGIN ATOMIC
        WITH history AS (
            SELECT pg_catalog.percentile_disc(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY h.cost_usd + coalesce(
                       (SELECT pg_catalog.sum(c.cost_usd) FROM helix_internal.executions c WHERE c.corrects = h.id), 0)) AS usd,
                   pg_catalog.count(*)::integer AS samples
              FROM (SELECT n.id, n.cost_usd
                      FROM (SELECT e.id, e.operation_id, e.model, e.provider, e.cost_usd FROM helix_internal.executions e
                             WHERE e.user_id = p_user_id AND e.corrects IS NULL
                             ORDER BY e.xid DESC LIMIT 2000) n
                     WHERE n.operation_id = p_operation_id
                       AND (p_model IS NULL OR p_model IN (n.model, n.provider)
                            OR (n.provider, n.model) = (SELECT r.provider, r.model FROM helix_internal.resolve_model(p_model) r))
                     LIMIT 200) h),
        named AS (
            SELECT r.provider, r.model FROM helix_internal.resolve_model(p_model) r WHERE p_model IS NOT NULL),
        models AS (
            SELECT p.provider, p.model FROM helix.model_prices p
             UNION
            SELECT r.provider, r.model FROM helix.model_price_rates r),
        wanted AS (
            SELECT m.provider, m.model FROM models m
             WHERE p_model IS NULL OR (m.provider, m.model) = (SELECT n.provider, n.model FROM named n)
                OR p_model IN (m.provider, m.model)
                   AND NOT EXISTS (SELECT 1 FROM models s JOIN named n ON (s.provider, s.model) = (n.provider, n.model))),
        prices AS (
            SELECT pg_catalog.percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY c.cost_usd) AS usd
              FROM wanted w
              JOIN helix.operations o ON o.operation_id = p_operation_id
             CROSS JOIN LATERAL helix_internal.price_of(w.provider, w.model, pg_catalog.now(), o.default_input_tokens, 0,
                                                        o.default_output_tokens, NULL, NULL) c
             WHERE c.complete AND (SELECT h.samples FROM history h) < 20)
        SELECT pg_catalog.trim_scale(CASE WHEN h.samples >= 20 THEN h.usd[1] ELSE p.usd[1] * 0.5 END),
               pg_catalog.trim_scale(CASE WHEN h.samples >= 20 THEN h.usd[2] ELSE p.usd[2] END),
               pg_catalog.trim_scale(CASE WHEN h.samples >= 20 THEN h.usd[3] ELSE p.usd[3] * 2 END),
               CASE WHEN h.samples >= 20 THEN 'history' WHEN p.usd IS NOT NULL THEN 'prices' ELSE 'none' END,
               h.samples
          FROM history h, prices p
         WHERE (SELECT helix_internal.authorized_user(p_user_id)) IS NOT NULL;
    END;
COMMENT ON FUNCTION helix.estimate_operation_cost(uuid, text, text) IS
    'What an operation of a user is likely to cost, in USD, with p_model (a model or provider; null: any). basis history: the '
    '10th, 50th and 90th percentile of up to 200 of the user''s newest executions of it, where there are at least 20 (samples). '
    'They are looked for among the user''s newest 2,000 executions of all. basis prices: what '
    'helix.operations.default_input_tokens and default_output_tokens cost now, by all rates of the model. low is half the cheapest '
    'of the models in question, mid the median, high twice the most expensive. basis none: null, neither is known. 42501 another '
    'user''s id.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.budget_period(text, text, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.cost_between(uuid, text, timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.moved_to(uuid, text, timestamptz, timestamptz)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.spending_of(uuid, text, timestamptz, timestamptz)'),
    ('authenticated', 'SELECT ON helix.cost_budgets'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.reserve_budget(uuid, text, numeric, interval, jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.release_reservation(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.get_remaining_budget(uuid, text, jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.is_within_budget(uuid, text, numeric, jsonb)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.budget_status(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.set_cost_budget(uuid, numeric)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.update_cost_budget(uuid, numeric)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.estimate_operation_cost(uuid, text, text)');
