-- Corrections: the final usage of a stream, credits and refunds. They move sums, and count nowhere.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set sue '''c0ffee00-0000-4000-8000-000000000001'''
\set tom '''c0ffee00-0000-4000-8000-000000000002'''
CREATE FUNCTION pg_temp.stream(p_model text, p_usage jsonb, p_user uuid DEFAULT 'c0ffee00-0000-4000-8000-000000000001',
    p_at timestamptz DEFAULT '2026-06-10 10:00+00', p_tier text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT helix.record_operation_execution(p_user, 'email-respond', NULL, true, 100, NULL, NULL, p_model, p_occurred_at => p_at,
        p_usage => p_usage, p_service_tier => p_tier) $$;
-- What an execution used and cost in all.
CREATE FUNCTION pg_temp.net(p_id bigint, OUT rows bigint, OUT cost_usd numeric, OUT input bigint, OUT cached bigint,
    OUT output bigint) LANGUAGE sql AS $$
    SELECT count(*), trim_scale(sum(e.cost_usd)), sum(e.input_tokens), sum(e.cached_input_tokens), sum(e.output_tokens)
      FROM helix.executions e WHERE coalesce(e.corrects, e.id) = p_id $$;
-- All that reads say of a user; it must be the same before and after a fold.
CREATE FUNCTION pg_temp.reads(p_user uuid) RETURNS text LANGUAGE sql AS $$
    SELECT (SELECT string_agg(t::text, E'\n' ORDER BY t.date) FROM helix.cost_trends t WHERE t.user_id = p_user) || E'\n'
        || (SELECT string_agg((to_jsonb(a) - 'period_end')::text, E'\n' ORDER BY a.operation_id, a.period_start)
              FROM helix.operation_execution_analytics a WHERE a.user_id = p_user) || E'\n'
        || (SELECT string_agg(m::text, E'\n') FROM helix.get_all_operation_metrics(p_user, '2026-06-01', '2026-07-01') m) || E'\n'
        || (SELECT s::text FROM helix.get_period_summary(p_user, '2026-06-01', '2026-07-01') s) $$;

-- A stream is recorded with a part of its usage, then finalized. The sums move by the difference, the counts stay.
SELECT pg_temp.stream('claude-sonnet-4-5', '{"input_tokens": 3, "cache_creation_input_tokens": 12304,
    "cache_read_input_tokens": 0, "output_tokens": 1}') AS id \gset
SELECT total_operations, total_cost_usd, output_tokens, avg_latency_ms, success_rate FROM helix.cost_trends WHERE user_id = :sue;
SELECT helix.finalize_execution(:id, '{"input_tokens": 3, "cache_creation_input_tokens": 12304, "cache_read_input_tokens": 0,
    "output_tokens": 550}');
SELECT total_operations, total_cost_usd, output_tokens, avg_latency_ms, success_rate FROM helix.cost_trends WHERE user_id = :sue;
SELECT corrects = :id AS corrects, revision, cost_usd, input_tokens, cached_input_tokens AS cached, output_tokens, usage,
       model_used, model, occurred_at, date, latency_ms, pricing
  FROM helix.executions WHERE user_id = :sue ORDER BY id;
-- Again: nothing happens, and the answer is the same; in one statement too.
SELECT helix.finalize_execution(:id, u), helix.finalize_execution(:id, u)
  FROM (VALUES ('{"input_tokens": 3, "cache_creation_input_tokens": 12304, "output_tokens": 550}'::jsonb)) v (u);
SELECT * FROM pg_temp.net(:id);
-- With another usage: the difference to what stands now. What is no longer used goes.
SELECT helix.finalize_execution(:id, '{"input_tokens": 20, "output_tokens": 600,
    "output_tokens_details": {"thinking_tokens": 100}, "server_tool_use": {"web_search_requests": 2}}');
SELECT * FROM pg_temp.net(:id);
SELECT revision, cost_usd, input_tokens, output_tokens, usage, metadata FROM helix.executions
 WHERE corrects = :id ORDER BY revision;
SELECT usage_type, count, cost_usd FROM helix.explain_cost(:id) ORDER BY 1;
-- Token counts: those that are not given stay as they stand.
SELECT helix.finalize_execution(:id, p_output_tokens => 1000);
SELECT * FROM pg_temp.net(:id);
SELECT usage_type, count, cost_usd FROM helix.explain_cost(:id) ORDER BY 1;
-- A cost alone: the tokens stay.
SELECT helix.finalize_execution(:id, p_cost_usd => 0.1), helix.finalize_execution(:id, p_cost_usd => 0.10);
SELECT * FROM pg_temp.net(:id);
SELECT usage_type, cost_usd FROM helix.explain_cost(:id);
-- Back to usage: it is priced again.
SELECT helix.finalize_execution(:id, '{"input_tokens": 1000, "output_tokens": 10}');
SELECT * FROM pg_temp.net(:id);
SELECT * FROM helix.verify_ledger();

-- Exact in every order: the execution folded before its correction, together with it, and after a correction that is folded.
SELECT pg_temp.reads(:sue) AS unfolded \gset
SELECT helix.fold() > 0 AS folded;
SELECT pg_temp.reads(:sue) = :'unfolded' AS same;
SELECT * FROM helix.verify_ledger();
SELECT helix.finalize_execution(:id, '{"input_tokens": 1000, "output_tokens": 400}') AS later;
SELECT pg_temp.stream('claude-sonnet-4-5', '{"input_tokens": 9, "output_tokens": 1}') AS together \gset
SELECT helix.finalize_execution(:together, '{"input_tokens": 9, "output_tokens": 5000}') AS together;
SELECT helix.record_operation_execution(:sue, 'email-respond', '2026-06-02', true, 7, NULL, 'gpt-5', p_input_tokens => 10,
    p_output_tokens => 0) AS late \gset
SELECT helix.finalize_execution(:late, p_output_tokens => 100) AS late_day;
SELECT pg_temp.reads(:sue) AS unfolded \gset
SELECT unfolded_rows FROM helix.ledger_status();
SELECT helix.fold() AS executions;
SELECT pg_temp.reads(:sue) = :'unfolded' AS same;
SELECT helix.finalize_execution(:late, p_output_tokens => 0) AS alone;
SELECT pg_temp.reads(:sue) AS unfolded \gset
SELECT unfolded_rows, oldest_unfolded_age IS NOT NULL AS waits FROM helix.ledger_status();
SELECT helix.fold() AS executions;
SELECT pg_temp.reads(:sue) = :'unfolded' AS same;
SELECT * FROM helix.verify_ledger();
SELECT operation_id, total_executions, failed_executions, total_cost_usd, avg_cost_per_execution, max_cost_single_execution,
       avg_latency_ms, max_latency_ms, p99_latency_ms, input_tokens, output_tokens, models_used
  FROM helix.get_all_operation_metrics(:sue, '2026-06-01', '2026-07-01');

-- Long prompts cost twice from a bound on, for all of the prompt: the final usage is priced as a whole.
SELECT pg_temp.stream('gpt-6-sol', '{"prompt_tokens": 200000, "completion_tokens": 0}', :tom, now()) AS long \gset
SELECT pg_temp.stream('gpt-6-sol', '{"prompt_tokens": 400000, "completion_tokens": 1000}', :tom, now()) AS at_once \gset
SELECT helix.finalize_execution(:long, '{"prompt_tokens": 400000, "completion_tokens": 1000}');
SELECT l.cost_usd, l.cost_usd = o.cost_usd AS same FROM pg_temp.net(:long) l, pg_temp.net(:at_once) o;
-- The tier is the execution's own, unless the call says another.
SELECT pg_temp.stream('gpt-5', '{"prompt_tokens": 0, "completion_tokens": 0}', :tom, p_tier => 'batch') AS tier \gset
SELECT helix.finalize_execution(:tier, '{"prompt_tokens": 1000000, "completion_tokens": 0}') AS batch;
SELECT helix.finalize_execution(:tier, '{"prompt_tokens": 1000000, "completion_tokens": 0}', p_service_tier => 'auto') AS standard;
-- Its price is that of its time.
INSERT INTO helix.model_prices VALUES ('acme', 'comet', '2026-06-01', 1, 0.1, 2), ('acme', 'comet', '2026-06-20', 10, 1, 20);
SELECT pg_temp.stream('comet', '{"input_tokens": 0, "output_tokens": 0}', :tom) AS comet \gset
SELECT helix.finalize_execution(:comet, '{"input_tokens": 1000000, "output_tokens": 1000000}') AS of_june_10;

-- Repricing gives what pricing the final usage gives, folded or not; twice is once.
SELECT helix.fold() > 0 AS folded;
SELECT pg_temp.stream('comet', '{"input_tokens": 0, "output_tokens": 7}', :tom) AS unfolded \gset
SELECT helix.finalize_execution(:unfolded, '{"input_tokens": 2000000, "output_tokens": 0}');
UPDATE helix.model_prices SET input_usd_per_mtok = 4, output_usd_per_mtok = 5 WHERE model = 'comet' AND valid_from = '2026-06-01';
SELECT usage_type, cost_usd FROM helix.explain_cost(:comet) ORDER BY 1;
SELECT * FROM helix.reprice('2026-06-01', '2026-07-01', 'comet');
SELECT * FROM helix.reprice('2026-06-01', '2026-07-01', 'comet');
SELECT c.cost_usd AS comet, u.cost_usd AS unfolded FROM pg_temp.net(:comet) c, pg_temp.net(:unfolded) u;
SELECT usage_type, cost_usd FROM helix.explain_cost(:comet) ORDER BY 1;
SELECT max_cost_single_execution FROM helix.get_all_operation_metrics(:tom, '2026-06-01', '2026-07-01');
SELECT * FROM helix.verify_ledger();
-- The next finalization goes by the new price.
SELECT helix.finalize_execution(:comet, '{"input_tokens": 3000000, "output_tokens": 0}');
SELECT * FROM pg_temp.net(:comet);
SELECT helix.fold() AS executions;
SELECT * FROM helix.verify_ledger();

-- A model without a price: its final usage waits for one.
SELECT pg_temp.stream('meteor', '{"input_tokens": 5, "output_tokens": 0}', :tom) AS meteor \gset
SELECT helix.finalize_execution(:meteor, '{"input_tokens": 1000000, "output_tokens": 500000}');
SELECT provider, model, executions, input_tokens, output_tokens FROM helix.unpriced_usage WHERE model = 'meteor';
INSERT INTO helix.model_prices VALUES ('unknown', 'meteor', '2026-06-01', 3, 3, 8);
SELECT * FROM helix.reprice('2026-06-01', '2026-07-01', 'meteor');
SELECT * FROM pg_temp.net(:meteor);
SELECT count(*) FROM helix.unpriced_usage WHERE model = 'meteor';
-- An estimate goes by what executions cost in all.
SELECT count(pg_temp.stream('meteor', '{"input_tokens": 0, "output_tokens": 0}', 'c0ffee00-0000-4000-8000-000000000003'))
  FROM generate_series(1, 20);
SELECT DISTINCT helix.finalize_execution(id, '{"input_tokens": 1000000, "output_tokens": 0}') FROM helix.executions
 WHERE user_id = 'c0ffee00-0000-4000-8000-000000000003';
SELECT mid, samples FROM helix.estimate_operation_cost('c0ffee00-0000-4000-8000-000000000003', 'email-respond');

-- Adjustments: a refund of an execution, and a credit without one.
SELECT helix.adjust_cost(:tom, 'email-respond', -1.25, 'refund of an outage', p_execution_id => :comet) AS refund \gset
SELECT helix.adjust_cost(:tom, 'task-breakdown', -3, 'credit', '2026-06-12 09:00+00') > 0 AS credited;
SELECT operation_id, date, cost_usd, corrects = :comet AS of_comet, corrects = id AS of_none, revision, reason, model
  FROM helix.executions WHERE user_id = :tom AND reason IS NOT NULL ORDER BY id;
SELECT usage_type, cost_usd FROM helix.explain_cost(:comet) ORDER BY 1;
SELECT sum(x.cost_usd) = (SELECT n.cost_usd FROM pg_temp.net(:comet) n) AS adds_up FROM helix.explain_cost(:comet) x;
-- They are no usage: repricing and finalizing leave them.
UPDATE helix.model_prices SET input_usd_per_mtok = 5 WHERE model = 'comet' AND valid_from = '2026-06-01';
SELECT executions, new_cost_usd - old_cost_usd AS more FROM helix.reprice('2026-06-01', '2026-07-01', 'comet');
SELECT helix.finalize_execution(:comet, '{"input_tokens": 1000000, "output_tokens": 0}');
SELECT * FROM pg_temp.net(:comet);
-- A day that has a credit alone ran nothing.
SELECT total_operations, total_cost_usd, avg_cost_per_operation, success_rate, avg_latency_ms FROM helix.cost_trends
 WHERE user_id = :tom AND date = '2026-06-12';
SELECT total_executions, total_cost_usd, avg_cost_per_execution, max_cost_single_execution, success_rate, models_used
  FROM helix.get_operation_metrics(:tom, 'task-breakdown', '2026-06-12', '2026-06-13');
SELECT helix.calculate_success_rate(:tom, 'task-breakdown', '2026-06-12', '2026-06-13');
SELECT total_operations, success_rate, total_cost_usd, avg_cost_per_operation, cheapest_model
  FROM helix.get_period_summary(:tom, '2026-06-12', '2026-06-13');
SELECT pg_temp.reads(:tom) AS unfolded \gset
SELECT helix.fold() AS executions;
SELECT pg_temp.reads(:tom) = :'unfolded' AS same;
SELECT * FROM helix.verify_ledger();

-- Each execution of the ledger costs what explain_cost() says.
SELECT count(*) AS executions,
       count(*) FILTER (WHERE n.cost_usd = (SELECT sum(x.cost_usd) FROM helix.explain_cost(e.id) x)) AS add_up
  FROM helix.executions e, pg_temp.net(e.id) n WHERE e.user_id IN (:sue, :tom) AND e.corrects IS NULL;

-- Budgets: a correction counts when the execution occurred, more or less, whatever its day. A reservation is settled once.
\set uma '''c0ffee00-0000-4000-8000-000000000004'''
INSERT INTO helix.budgets (user_id, period, limit_usd) VALUES (:uma, 'day', 100);
SELECT helix.record_operation_execution(:uma, 'email-respond', (now() AT TIME ZONE 'UTC')::date, true, 1, 1, 'openai',
    p_occurred_at => now() - interval '3 days') AS before \gset
SELECT helix.record_operation_execution(:uma, 'email-respond', (now() AT TIME ZONE 'UTC')::date - 3, true, 1, 2,
    'openai') AS now \gset
SELECT spent_usd FROM helix.budget_status(:uma);
SELECT helix.finalize_execution(:before, p_cost_usd => 10), helix.finalize_execution(:now, p_cost_usd => 20);
SELECT spent_usd FROM helix.budget_status(:uma);
SELECT helix.finalize_execution(:before, p_cost_usd => 3), helix.finalize_execution(:now, p_cost_usd => 4);
SELECT spent_usd FROM helix.budget_status(:uma);
SELECT helix.adjust_cost(:uma, 'email-respond', -1, 'refund', p_execution_id => :now) > 0 AS refunded;
SELECT helix.adjust_cost(:uma, 'email-respond', -50, 'of long ago', '2026-06-12') > 0 AS credited;
SELECT spent_usd FROM helix.budget_status(:uma);
SELECT helix.reserve_budget(:uma, 'email-respond', 5) AS reservation \gset
SELECT helix.record_operation_execution(:uma, 'email-respond', NULL, true, 1, 0.5, 'openai',
    p_reservation_id => :'reservation') AS held \gset
SELECT helix.finalize_execution(:held, p_cost_usd => 6);
SELECT spent_usd, reserved_usd FROM helix.budget_status(:uma);

-- A transaction with an older snapshot goes by what stands now.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT helix.finalize_execution(:held, p_cost_usd => 7), helix.finalize_execution(:held, p_cost_usd => 8);
COMMIT;
SELECT * FROM pg_temp.net(:held);
BEGIN;
SELECT helix.finalize_execution(:held, p_cost_usd => 9);
ROLLBACK;
SELECT * FROM pg_temp.net(:held);

-- What is refused. Nothing is changed.
CREATE FUNCTION pg_temp.refused(p_call text, VARIADIC p_ids bigint[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(failure(format('SELECT helix.' || p_call, VARIADIC p_ids)),
        '(Row|execution|would be|id is) "?-?\d+"?', '\1 N', 'g') $$;
SELECT pg_temp.refused('finalize_execution(NULL, ''{}'')');
SELECT pg_temp.refused('finalize_execution(%s)', :held);
SELECT pg_temp.refused('finalize_execution(9223372036854775807, p_cost_usd => 1)');
SELECT pg_temp.refused('finalize_execution(%s, p_cost_usd => 1)', :refund);
SELECT pg_temp.refused('finalize_execution(%s, ''{"input_tokens": 1}'', p_output_tokens => 1)', :held);
SELECT pg_temp.refused('finalize_execution(%s, ''{"tokens": 1}'')', :held);
SELECT pg_temp.refused('finalize_execution(%s, p_cost_usd => -1)', :held);
SELECT pg_temp.refused('finalize_execution(%s, p_input_tokens => -1)', :held);
SELECT pg_temp.refused('finalize_execution(%s, p_output_tokens => 1000000001)', :held);
SELECT pg_temp.refused('finalize_execution(%s, p_cost_usd => 1, p_service_tier => '''')', :held);
SET helix.unknown_model = refuse;
SELECT pg_temp.refused('finalize_execution(%s, p_output_tokens => 1)', :held);
RESET helix.unknown_model;
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000004'', ''email-respond'', ' || a || ')')
  FROM unnest('{NULL, 0, NaN, Infinity, -1e9}'::text[]) v, format('%L, %L', nullif(v, 'NULL'), 'why') a;
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000004'', ' || a || ')')
  FROM unnest(ARRAY['NULL, 1, ''why''', '''email-reply'', 1, ''why''', '''email-respond'', 1, NULL', '''email-respond'', 1, ''''',
                    '''email-respond'', 1, repeat(''x'', 1001)', '''email-respond'', 1, ''why'', ''infinity''']) a;
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000001'', ''email-respond'', 1, ''why'', NULL, %s)', :held);
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000004'', ''email-compose'', 1, ''why'', NULL, %s)', :held);
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000004'', ''email-respond'', 1, ''why'', now(), %s)', :held);
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000004'', ''email-respond'', 1, ''why'', NULL, 1 - %s)', :held);
SELECT failure(format('INSERT INTO helix.executions (user_id, operation_id, success, cost_usd, corrects)
    VALUES (%L, %L, true, 1, 1)', :uma, 'email-respond'));
SELECT * FROM pg_temp.net(:held);
-- Only services correct. Whoever may execute the function, but acts for themselves alone, corrects their own.
CREATE ROLE regress_helix_corrects;
GRANT USAGE ON SCHEMA helix TO regress_helix_corrects;
SET helix.user_id = 'c0ffee00-0000-4000-8000-000000000004';
SET ROLE regress_helix_corrects;
SELECT failure(format('SELECT helix.finalize_execution(%s, p_cost_usd => 1)', :held)) ~ '^42501' AS refused;
RESET ROLE;
GRANT EXECUTE ON FUNCTION helix.finalize_execution, helix.adjust_cost TO regress_helix_corrects;
SET ROLE regress_helix_corrects;
SELECT helix.finalize_execution(:held, p_cost_usd => 5);
SELECT pg_temp.refused('finalize_execution(%s, p_cost_usd => 1)', :comet);
SELECT pg_temp.refused('adjust_cost(''c0ffee00-0000-4000-8000-000000000001'', ''email-respond'', 1, ''why'')');
RESET ROLE;
RESET helix.user_id;
REVOKE ALL ON FUNCTION helix.finalize_execution, helix.adjust_cost FROM regress_helix_corrects;
REVOKE ALL ON SCHEMA helix FROM regress_helix_corrects;
DROP ROLE regress_helix_corrects;
DELETE FROM helix.model_prices WHERE model IN ('comet', 'meteor');
DELETE FROM helix.budgets WHERE user_id = :uma;
SELECT helix.fold() > 0 AS folded;
SELECT * FROM helix.verify_ledger();
