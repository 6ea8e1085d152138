-- Operations and prices: what ships, own rows, and repricing.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set frank '''f5a0c000-0000-0000-0000-000000000006'''
SELECT count(*) FROM helix.operations WHERE shipped;
SELECT count(DISTINCT model) >= 25 AS models, count(DISTINCT provider) AS providers FROM helix.model_prices WHERE shipped;
SELECT count(*) AS odd FROM helix.model_prices
 WHERE cached_input_usd_per_mtok > input_usd_per_mtok
    OR output_usd_per_mtok < input_usd_per_mtok AND model NOT LIKE '%-embedding-%';

-- An operation of one's own can be recorded from the next statement on.
SELECT split_part(failure($$SELECT helix.record_operation_execution('f5a0c000-0000-0000-0000-000000000006', 'my-operation',
    '2026-04-01', true, 1, 1, 'x')$$), ' | ', 1);
INSERT INTO helix.operations (operation_id, name) VALUES ('my-operation', 'Mine');
BEGIN;
SAVEPOINT recording;
SELECT helix.record_operation_execution(:frank, 'my-operation', '2026-04-01', true, 1, 1, 'x') > 0 AS recorded;
ROLLBACK TO recording;
DELETE FROM helix.operations WHERE operation_id = 'my-operation';
SELECT split_part(failure($$SELECT helix.record_operation_execution('f5a0c000-0000-0000-0000-000000000006', 'my-operation',
    '2026-04-01', true, 1, 1, 'x')$$), ' | ', 1);
ROLLBACK;
SELECT count(helix.record_operation_execution(:frank, 'my-operation', '2026-04-01', true, 1, 1, 'x')) AS recorded_again
  FROM generate_series(1, 2);
-- Once something is recorded under its id it keeps it; unfolded and folded.
SELECT failure(format($$UPDATE helix.operations SET operation_id = %L WHERE operation_id = 'my-operation'$$, id))
  FROM unnest('{other,my-operation}'::text[]) id;
SELECT failure($$DELETE FROM helix.operations WHERE operation_id = 'my-operation'$$);
SELECT helix.fold() > 0 AS folded;
SELECT failure($$UPDATE helix.operations SET operation_id = 'other' WHERE operation_id = 'my-operation'$$);
SELECT failure($$DELETE FROM helix.operations WHERE operation_id = 'my-operation'$$);

-- One's own row replaces a shipped one of the same key, and a changed one is one's own.
INSERT INTO helix.operations (operation_id, name) VALUES ('email-compose', 'Our composer');
UPDATE helix.operations SET description = 'ours' WHERE operation_id = 'email-respond';
SELECT operation_id, name, shipped FROM helix.operations WHERE operation_id LIKE 'email-%' ORDER BY 1;
INSERT INTO helix.operations (operation_id, name) VALUES ('email-compose', 'Again');

-- Effective dates: the price in force when it ran.
INSERT INTO helix.model_prices VALUES ('acme', 'rocket', '2026-04-01', 1, 0.1, 2), ('acme', 'rocket', '2026-04-10', 10, 1, 20);
SELECT helix.record_operation_execution(:frank, 'my-operation', NULL, true, 1, NULL, 'rocket', p_input_tokens => 1000000,
    p_cached_input_tokens => 1000000, p_output_tokens => 1000000, p_occurred_at => t) > 0 AS recorded
  FROM unnest('{2026-04-01 00:00+00, 2026-04-09 23:59:59.999999+00, 2026-04-10 00:00+00}'::timestamptz[]) t;
SET helix.unknown_model = refuse;
SELECT failure($$SELECT helix.record_operation_execution('f5a0c000-0000-0000-0000-000000000006', 'my-operation', NULL, true, 1,
    NULL, 'rocket', p_input_tokens => 1, p_occurred_at => '2026-03-31 23:59+00')$$);
RESET helix.unknown_model;
SELECT date, cost_usd, model_used FROM helix.executions WHERE user_id = :frank AND model = 'rocket' ORDER BY id;
SELECT failure($$INSERT INTO helix.model_prices VALUES ('acme', 'rocket', '2026-05-01', -1, 0.1, 2)$$);
SELECT failure($$INSERT INTO helix.model_prices VALUES ('acme', 'rocket', '2026-05-01', 'NaN', 0.1, 2)$$);
-- Two providers of one model: the provider has to be named.
INSERT INTO helix.model_prices VALUES ('other', 'rocket', '2026-04-01', 5, 5, 5);
SET helix.unknown_model = refuse;
SELECT failure($$SELECT helix.record_operation_execution('f5a0c000-0000-0000-0000-000000000006', 'my-operation', '2026-04-11',
    true, 1, NULL, 'rocket', p_input_tokens => 1)$$);
RESET helix.unknown_model;
SELECT helix.record_operation_execution(:frank, 'my-operation', '2026-04-11', true, 1, NULL, 'other', 'rocket', 1000000,
    p_occurred_at => '2026-04-11') > 0 AS recorded;

-- Repricing corrects folded and unfolded executions and every sum; given costs stay.
SELECT helix.fold() > 0 AS folded;
SELECT helix.record_operation_execution(:frank, 'my-operation', '2026-04-11', true, 1, NULL, 'acme', 'rocket', 1000000,
    p_occurred_at => '2026-04-11') > 0 AS recorded;
SELECT helix.record_operation_execution(:frank, 'my-operation', '2026-04-11', true, 1, 7, 'acme', 'rocket', 1000000,
    p_occurred_at => '2026-04-11') > 0 AS recorded;
UPDATE helix.model_prices SET input_usd_per_mtok = 4 WHERE provider = 'acme' AND valid_from = '2026-04-10';
SELECT * FROM helix.reprice('2026-04-01', '2026-04-10', 'rocket') AS before_it_begins;
SELECT * FROM helix.reprice('2026-04-01', '2026-05-01', 'rocket');
SELECT date, cost_usd, model_used FROM helix.executions WHERE user_id = :frank AND model = 'rocket' ORDER BY id;
SELECT date, total_cost_usd FROM helix.cost_trends WHERE user_id = :frank ORDER BY 1;
SELECT period_start, total_cost_usd, max_cost_single_execution FROM helix.operation_execution_analytics
 WHERE user_id = :frank AND period_start < '2026-05-01' ORDER BY 1;
SELECT * FROM helix.verify_ledger();
SELECT * FROM helix.reprice('2026-04-01', '2026-05-01') AS again;
SELECT helix.fold() > 0 AS folded;
SELECT * FROM helix.verify_ledger();
-- An unfolded execution that is dearer than the folded ones of its key is no part of the folded maximum yet.
SELECT helix.record_operation_execution(:frank, 'my-operation', '2026-04-11', true, 1, NULL, 'acme', 'rocket', 9000000,
    p_occurred_at => '2026-04-11') > 0 AS recorded;
UPDATE helix.model_prices SET input_usd_per_mtok = 3 WHERE provider = 'acme' AND valid_from = '2026-04-10';
SELECT * FROM helix.reprice('2026-04-01', '2026-05-01', 'rocket');
SELECT helix_internal.close_levels() > '2026-05-01' AS closed;
SELECT max_cost_usd FROM helix_internal.operation_execution_analytics
 WHERE user_id = :frank AND provider = 'acme' AND period_start = '2026-04-11';
SELECT max_cost_single_execution FROM helix.operation_execution_analytics WHERE user_id = :frank AND period_start = '2026-04-11';
SELECT * FROM helix.verify_ledger();
-- The order matters not: a price that is gone leaves its executions alone.
DELETE FROM helix.model_prices WHERE provider = 'acme';
SELECT * FROM helix.reprice('2026-04-01', '2026-05-01', 'rocket');
SELECT failure($$SELECT helix.reprice('2026-05-01', '2026-05-01')$$);
SELECT failure($$SELECT helix.reprice(NULL, '2026-05-01')$$);
