-- Recommendations: each kind on a history made for it, with savings by plain arithmetic; what users do with them, and who may.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
INSERT INTO helix.model_prices VALUES ('acme', 'acme-large', '2026-01-01', 10, 1, 40),
    ('acme', 'acme-twin', '2026-01-01', 10, 1, 40),
    ('acme', 'acme-small', '2026-01-01', 1, 0.1, 4), ('acme', 'acme-old', '2026-01-01', 1, 0.1, 4),
    ('acme', 'acme-older', '2026-01-01', 1, 0.1, 4);
-- Not those of tomorrow, and not those of yesterday.
INSERT INTO helix.model_prices VALUES ('acme', 'acme-small', '2025-01-01', 100, 100, 100),
    ('acme', 'acme-small', '9000-01-01', 100, 100, 100);
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, service_tier, above_prompt_tokens, usd_per_million)
    VALUES ('acme', 'acme-large', '2026-01-01', 'input', 'batch', 0, 5),
           ('acme', 'acme-large', '2026-01-01', 'output', 'batch', 0, 20),
           ('acme', 'acme-large', '2026-01-01', 'input', 'standard', 1000000, 77);
CREATE FUNCTION person(p_number integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('4ec00000-0000-0000-0000-0000000000' || lpad(p_number::text, 2, '0'))::uuid $$;
CREATE FUNCTION history(p_number integer, p_operation text, p_model text, p_count integer, p_failures integer DEFAULT 0,
    p_latency_ms integer DEFAULT 1000, p_input bigint DEFAULT 100, p_cached bigint DEFAULT 50, p_output bigint DEFAULT 10,
    p_days_ago integer DEFAULT 2, p_cost numeric DEFAULT NULL)
    RETURNS integer LANGUAGE sql AS $$
    SELECT cardinality(helix.record_operation_executions(jsonb_agg(jsonb_build_object(
        'user_id', person(p_number), 'operation_id', p_operation, 'model_used', 'acme', 'model', p_model, 'success', i > p_failures,
        'latency_ms', p_latency_ms + i, 'cost_usd', p_cost, 'input_tokens', p_input, 'cached_input_tokens', p_cached,
        'output_tokens', p_output, 'occurred_at', now() - p_days_ago * interval '1 day' - i * interval '1 s'))))
      FROM generate_series(1, p_count) i $$;
CREATE FUNCTION queued(p_number integer, p_operation text, p_triggered_by text, p_count integer, p_retried integer)
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO helix_internal.schedule_executions (id, user_id, operation_id, execution_status, triggered_by, priority, attempt,
        run_at, created_at)
    SELECT gen_random_uuid(), person(p_number), p_operation, 'success', p_triggered_by, 5,
           CASE WHEN i <= p_retried THEN 2 ELSE 1 END,
           now(), now()
      FROM generate_series(1, p_count) i $$;
CREATE VIEW found AS
    SELECT right(user_id::text, 2)::integer AS person, kind, operation_id AS operation, subject, recommendation_type AS type,
           estimated_savings_usd AS usd, estimated_savings_percent AS percent,
           estimated_latency_improvement_percent AS latency, status, priority AS p, estimated_implementation_effort AS effort
      FROM helix.optimization_recommendations ORDER BY user_id, kind, operation_id, subject;
CREATE VIEW said AS
    SELECT right(user_id::text, 2)::integer AS person, title, description, suggested_action - 'where' AS action
      FROM helix.optimization_recommendations ORDER BY user_id, kind, operation_id, subject;

-- A cheaper model.
SELECT history(1, 'email-compose', 'acme-large', 100, 2, p_input => 75000, p_cached => 25000, p_output => 5000),
       history(1, 'email-compose', 'acme-small', 100, 2);
SELECT helix.generate_recommendations(person(1));
SELECT * FROM found WHERE person = 1;
SELECT * FROM said WHERE person = 1;
SELECT 100 * (75000 * (10 - 1) + 25000 * (1 - 0.1) + 5000 * (40 - 4)) / 1000000 AS saving;
-- Not where it fails more often, has run too seldom, or saves less than a tenth or 1 USD.
SELECT history(11, 'email-compose', 'acme-large', 100, 0, p_input => 75000, p_cached => 25000, p_output => 5000),
       history(11, 'email-compose', 'acme-small', 100, 9),
       history(11, 'email-respond', 'acme-large', 100, 0, p_input => 75000, p_cached => 25000, p_output => 5000),
       history(11, 'email-respond', 'acme-small', 49, 0),
       history(11, 'calendar-prep', 'acme-large', 100, 0, p_input => 750, p_cached => 250, p_output => 10),
       history(11, 'calendar-prep', 'acme-small', 100, 0),
       history(11, 'calendar-time', 'acme-large', 100, 0, p_input => 75000, p_cached => 25000, p_output => 5000, p_days_ago => 8),
       history(11, 'calendar-time', 'acme-small', 100, 0);
SELECT helix.generate_recommendations(person(11));
-- With 50 executions each, all of them good, it is said.
SELECT history(12, 'email-compose', 'acme-large', 50, 0, p_input => 75000, p_cached => 25000, p_output => 5000),
       history(12, 'email-compose', 'acme-small', 50, 0);
SELECT helix.generate_recommendations(person(12));
SELECT kind, usd FROM found WHERE person = 12;

-- A faster one of the same price; by a tenth it isn't said.
SELECT history(2, 'email-compose', 'acme-large', 100, 0, 1000), history(2, 'email-compose', 'acme-twin', 100, 0, 400),
       history(2, 'email-respond', 'acme-large', 100, 0, 1000), history(2, 'email-respond', 'acme-twin', 100, 0, 900);
SELECT helix.generate_recommendations(person(2));
SELECT * FROM found WHERE person = 2;
SELECT round(100 * (1 - (400 + 50.5) / (1000 + 50.5)), 2) AS latency;
SELECT * FROM said WHERE person = 2;

-- Failures, with a better model and without one.
SELECT history(3, 'email-compose', 'acme-large', 100, 30), history(3, 'email-compose', 'acme-twin', 100, 0),
       history(3, 'task-breakdown', 'acme-large', 80, 20), history(3, 'calendar-prep', 'acme-large', 100, 12);
SELECT helix.generate_recommendations(person(3));
SELECT * FROM found WHERE person = 3;
SELECT * FROM said WHERE person = 3;

-- Attempts.
SELECT queued(4, 'email-compose', 'manual', 60, 20), queued(4, 'email-respond', 'manual', 60, 6),
       queued(4, 'calendar-prep', 'manual', 40, 40);
SELECT helix.generate_recommendations(person(4));
SELECT * FROM found WHERE person = 4;
SELECT * FROM said WHERE person = 4;

-- Large inputs of which a cache has little; a fifth is enough, and so is a smaller input.
SELECT history(5, 'email-compose', 'acme-large', 60, 0, p_input => 9500, p_cached => 500, p_output => 100),
       history(5, 'email-respond', 'acme-large', 60, 0, p_input => 8000, p_cached => 2000, p_output => 100),
       history(5, 'calendar-prep', 'acme-large', 200, 0, p_input => 3999, p_cached => 0, p_output => 100);
SELECT helix.generate_recommendations(person(5));
SELECT * FROM found WHERE person = 5;
SELECT 60 * (5000 - 500) * (10 - 1) / 1000000.0 AS saving;
SELECT * FROM said WHERE person = 5;

-- Work for the batch tier: what cron starts. Where most of it is started by somebody who waits, or the tier is unknown, it isn't.
SELECT history(6, 'email-compose', 'acme-large', 60, 0, p_input => 10000, p_cached => 10000, p_output => 1000),
       history(6, 'email-respond', 'acme-large', 60, 0, p_input => 10000, p_cached => 10000, p_output => 1000),
       history(6, 'calendar-prep', 'acme-twin', 60, 0, p_input => 10000, p_cached => 10000, p_output => 1000),
       queued(6, 'email-compose', 'cron', 54, 0), queued(6, 'email-respond', 'cron', 53, 0),
       queued(6, 'calendar-prep', 'cron', 60, 0);
SELECT helix.generate_recommendations(person(6));
SELECT * FROM found WHERE person = 6;
SELECT 60 * (10000 * (10 - 5) + 1000 * (40 - 20)) / 1000000.0 AS saving;
SELECT * FROM said WHERE person = 6;

-- Budgets.
SELECT history(7, 'email-compose', 'acme-large', 10, p_cost => 1), history(7, 'email-compose', 'acme-large', 8, p_cost => 1,
       p_days_ago => 40), history(7, 'calendar-prep', 'acme-large', 1, p_cost => 0.1);
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES (person(7), 'month', 100);
INSERT INTO helix.budgets (user_id, operation_id, period, limit_usd) VALUES (person(7), 'calendar-prep', 'month', 1000),
    (person(7), 'email-compose', 'month', 39);
SELECT cost_budget_monthly FROM helix.set_operation_preference(person(7), 'email-compose', p_cost_budget_monthly => 5);
SELECT helix.generate_recommendations(person(7));
SELECT person, kind, operation, type, usd, p, effort FROM found WHERE person = 7 ORDER BY p;
SELECT ceil(1.25 * 10.1) AS all_operations, ceil(1.25 * 10) AS of_one;
SELECT * FROM said WHERE person = 7 ORDER BY title;

-- A model that retires soon; one that retires later.
INSERT INTO helix.model_retirements (provider, model, retires_on, successor) VALUES
    ('acme', 'acme-old', (now() AT TIME ZONE 'UTC')::date + 20, 'acme-small'),
    ('acme', 'acme-older', (now() AT TIME ZONE 'UTC')::date + 80, NULL),
    ('acme', 'acme-twin', (now() AT TIME ZONE 'UTC')::date + 91, NULL);
SELECT history(8, 'email-compose', 'acme-old', 3), history(8, 'email-respond', 'acme-older', 4),
       history(8, 'email-respond', 'acme-large', 2), history(8, 'calendar-prep', 'acme-older', 1),
       history(8, 'calendar-time', 'acme-twin', 5), history(8, 'task-breakdown', 'acme-old', 5, p_days_ago => 9);
SELECT helix.generate_recommendations(person(8));
SELECT * FROM found WHERE person = 8;
SELECT person, title, replace(replace(description, ((now() AT TIME ZONE 'UTC')::date + 20)::text, 'DAY 20'),
                              ((now() AT TIME ZONE 'UTC')::date + 80)::text, 'DAY 80') AS description, action
  FROM said WHERE person = 8;
-- One that retires is not recommended.
UPDATE helix.model_retirements SET retires_on = retires_on - 1 WHERE model = 'acme-twin';
SELECT helix.generate_recommendations(person(2));
SELECT kind, operation, subject FROM found WHERE person = 2;
DELETE FROM helix.model_retirements WHERE model = 'acme-twin';
SELECT helix.generate_recommendations(person(2));

-- The same again, folded or not; what no longer holds goes.
SELECT helix.fold() > 0 AS folded;
CREATE TEMP TABLE before AS SELECT user_id, kind, operation_id, subject, description, estimated_savings_usd
    FROM helix.optimization_recommendations;
SELECT sum(helix.generate_recommendations(person(n))) AS active FROM generate_series(1, 12) n;
SELECT count(*) AS others FROM (TABLE before EXCEPT SELECT user_id, kind, operation_id, subject, description, estimated_savings_usd
    FROM helix.optimization_recommendations) d;
DELETE FROM helix_internal.schedule_executions WHERE user_id = person(4);
SELECT helix.generate_recommendations(person(4));
SELECT count(*) FROM found WHERE person = 4;

-- What users see and do: their own.
CREATE ROLE regress_rec_user;
CREATE ROLE regress_rec_service;
SELECT helix.grant_api_access('regress_rec_user', 'regress_rec_service');
GRANT SELECT ON found TO regress_rec_user;
SELECT id AS of_cheaper FROM helix.optimization_recommendations WHERE user_id = person(1) \gset
SELECT id AS of_caching FROM helix.optimization_recommendations WHERE user_id = person(5) \gset
SELECT id AS of_batch FROM helix.optimization_recommendations WHERE user_id = person(6) \gset
SELECT default_parameters
  FROM helix.set_operation_preference(person(6), 'email-compose', p_default_parameters => '{"tone": "dry"}');
SET ROLE regress_rec_user;
SET request.jwt.claims = '{"sub": "4ec00000-0000-0000-0000-000000000005"}';
SELECT count(*), min(kind) FROM helix.optimization_recommendations;
SELECT kind FROM helix.get_recommendations('4ec00000-0000-0000-0000-000000000005');
SELECT failure($$SELECT helix.get_recommendations('4ec00000-0000-0000-0000-000000000001')$$);
SELECT failure($$SELECT helix.generate_recommendations('4ec00000-0000-0000-0000-000000000001')$$);
SELECT replace(failure(format($$SELECT helix.dismiss_recommendation('%s')$$, :'of_cheaper')), :'of_cheaper', 'ID');
SELECT replace(failure(format($$SELECT helix.implement_recommendation('%s')$$, :'of_cheaper')), :'of_cheaper', 'ID');
SELECT failure($$SELECT helix.dismiss_recommendation('4ec00000-0000-0000-0000-000000000099')$$);
SELECT failure($$SELECT helix.implement_recommendation(NULL)$$);
SELECT failure($$SELECT helix.generate_recommendations(NULL)$$);
UPDATE helix.optimization_recommendations SET status = 'dismissed' WHERE id = :'of_cheaper';
SELECT failure($$UPDATE helix.optimization_recommendations SET status = 'done'$$);
SELECT failure($$UPDATE helix.optimization_recommendations SET priority = 10$$);
SELECT failure($$DELETE FROM helix.optimization_recommendations$$);
UPDATE helix.optimization_recommendations SET status = 'dismissed' RETURNING dismissed_at = now() AS dismissed, implemented_at;
UPDATE helix.optimization_recommendations SET status = 'active' RETURNING dismissed_at;
SELECT status, dismissed_at IS NOT NULL AS dismissed FROM helix.dismiss_recommendation(:'of_caching');
SELECT helix.generate_recommendations('4ec00000-0000-0000-0000-000000000005');
RESET ROLE;
RESET request.jwt.claims;
-- It comes back once the saving has doubled, not before.
SELECT history(5, 'email-compose', 'acme-large', 59, 0, p_input => 9500, p_cached => 500, p_output => 100);
SELECT helix.generate_recommendations(person(5));
SELECT history(5, 'email-compose', 'acme-large', 1, 0, p_input => 9500, p_cached => 500, p_output => 100);
SELECT helix.generate_recommendations(person(5));
SELECT status, dismissed_at, estimated_savings_usd FROM helix.optimization_recommendations WHERE id = :'of_caching';

-- What is implemented is done, once, and is not said again.
SELECT status, implemented_at IS NOT NULL AS implemented, dismissed_at FROM helix.implement_recommendation(:'of_cheaper');
SELECT operation_id, preferred_model, default_parameters FROM helix.user_operation_preferences WHERE user_id = person(1);
DELETE FROM helix.user_operation_preferences WHERE user_id = person(1);
SELECT status FROM helix.implement_recommendation(:'of_cheaper');
SELECT count(*) AS changed FROM helix.user_operation_preferences WHERE user_id = person(1);
SELECT helix.generate_recommendations(person(1));
UPDATE helix.optimization_recommendations SET implemented_at = now() - interval '31 days' WHERE id = :'of_cheaper';
SELECT helix.generate_recommendations(person(1)) AS after_30_days;
SELECT status FROM helix.implement_recommendation(:'of_batch');
SELECT preferred_model, default_parameters FROM helix.user_operation_preferences WHERE user_id = person(6);
SELECT count(helix.implement_recommendation(id)) FROM helix.optimization_recommendations WHERE user_id IN (person(7), person(8));
SELECT operation_id, limit_usd FROM helix.budgets WHERE user_id = person(7) ORDER BY 1;
SELECT operation_id, cost_budget_monthly, default_parameters FROM helix.user_operation_preferences WHERE user_id = person(7);
SELECT operation_id, preferred_model FROM helix.user_operation_preferences WHERE user_id = person(8) ORDER BY 1;
SELECT sum(helix.generate_recommendations(person(n))) AS active FROM generate_series(6, 8) n;
-- A budget that is gone.
UPDATE helix.optimization_recommendations SET status = 'active' WHERE user_id = person(7) AND operation_id IS NULL;
DELETE FROM helix.budgets WHERE user_id = person(7);
SELECT regexp_replace(failure(format($$SELECT helix.implement_recommendation('%s')$$, id)), '[0-9a-f-]{36}', 'ID')
  FROM helix.optimization_recommendations WHERE user_id = person(7) AND operation_id IS NULL;

-- Rates: the dearest hours of the week, the band of the mean prompt, exact to the last decimal.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, week_hours, usd_per_million)
    VALUES ('acme', 'acme-small', '2026-01-01', 'input', '{[0,10)}', 3);
SELECT helix_internal.token_cost('acme', 'acme-small', 'standard', 1, 1000, 100, 10)
       = (1000 * 3 + 100 * 0.1 + 10 * 4) * 0.000001 AS dearest;
SELECT helix_internal.token_cost('acme', 'acme-large', 'standard', 2, 1999000, 1000, 0) AS below,
       helix_internal.token_cost('acme', 'acme-large', 'standard', 2, 1999000, 1001, 0) AS above;
SELECT helix_internal.token_cost('acme', 'acme-small', 'batch', 1, 1, 1, 1) AS no_tier,
       helix_internal.token_cost('acme', 'nothing', 'standard', 1, 1, 1, 1) AS no_price,
       helix_internal.token_cost('acme', 'acme-small', 'standard', 1, 0, 123456789012345678901, 0) AS exact;
-- Wilson's interval, as E. B. Wilson (1927) has it: of 81 successes in 263 trials, 0.2553 to 0.3662 (Newcombe 1998, table I).
SELECT round(helix_internal.wilson_bound(81, 263, -1.96)::numeric, 4) AS low,
       round(helix_internal.wilson_bound(81, 263, 1.96)::numeric, 4) AS high;

DROP OWNED BY regress_rec_user, regress_rec_service;
DROP ROLE regress_rec_user, regress_rec_service;
DELETE FROM helix.optimization_recommendations;
DELETE FROM helix.model_retirements WHERE provider = 'acme';
DROP VIEW found, said;
DROP FUNCTION history, queued, person;
