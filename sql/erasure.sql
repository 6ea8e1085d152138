-- Erasure: what helix keeps about a user goes in pieces. Nobody else's sums move, and the ledger is exact after each piece.
SET timezone = 'UTC';
\set ida '''e4a5e000-0000-4000-8000-000000000001'''
\set jon '''e4a5e000-0000-4000-8000-000000000002'''
CREATE FUNCTION pg_temp.pieces(OUT kinds text, OUT inexact bigint) LANGUAGE plpgsql AS $$
DECLARE
    rows bigint := 1;
BEGIN
    inexact := 0;
    WHILE rows > 0 LOOP
        rows := helix_internal.erase_some();
        inexact := inexact + (SELECT count(*) FROM helix.verify_ledger());
    END LOOP;
    SELECT string_agg(format('%s %s', k.key, k.value), ', ' ORDER BY k.key) INTO kinds
      FROM helix.erasures e, jsonb_each_text(e.erased) k WHERE e.id = (SELECT max(id) FROM helix.erasures);
END $$;

-- Nothing is kept of somebody unknown, so there is nothing to do.
SELECT * FROM helix.erase_user(:ida);
SELECT helix.erase_user(NULL);
SELECT count(*) FROM helix.erasures;

-- Closed, and late: in each level of the sums. Reserved, so that it counts in budgets when it was reserved.
SELECT helix.record_operation_execution(:ida, 'email-compose', NULL, true, 100, 0.125, 'openai',
    p_reservation_id => helix.reserve_budget(:ida, 'email-compose', 1), p_occurred_at => now() - interval '2 days') > 0 AS recorded;
SELECT helix.fold() > 0 AS folded;
SELECT helix_internal.close_levels(now() + interval '2 days') > now() AS closed;

-- Folded, not folded, corrected, in two days, with request ids; preferences, budgets, the queue, a schedule, a batch.
SELECT count(helix.record_operation_execution(u, 'email-compose', current_date - d, true, 100, 0.25, 'openai',
    p_request_id => format('%s %s', u, d))) AS recorded FROM unnest(ARRAY[:ida, :jon]::uuid[]) u, generate_series(0, 1) d;
SELECT helix.fold() > 0 AS folded;
SELECT helix.adjust_cost(:ida, 'email-compose', -0.05, 'credit') > 0 AS adjusted;
SELECT helix.record_operation_execution(:ida, 'task-breakdown', NULL, false, 5, 0.5, 'acme') > 0 AS recorded;
SELECT enabled FROM helix.set_operation_preference(:ida, 'email-compose', p_cost_budget_monthly => 5);
SELECT helix.set_cost_budget(:ida, 10);
SELECT helix.reserve_budget(:ida, 'email-compose', 1) IS NOT NULL AS reserved;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, job_name)
    VALUES (:ida, 'email-compose', 'manual', 'of ida') RETURNING id AS schedule \gset
SELECT helix.enqueue_execution(:'schedule') IS NOT NULL AS queued;
SELECT helix.create_batch(:ida, 'b', 'parallel', '[{"operation_id": "email-compose"}, {"operation_id": "calendar-prep"}]',
    p_start => true) IS NOT NULL AS made;
SELECT helix.pause_queue('calendar-time', :ida);
SELECT e::text AS before FROM helix.cost_trends e WHERE user_id = :jon AND date = current_date \gset
SELECT state, erased FROM helix.erase_user(:ida);
SELECT state, erased FROM helix.erase_user(:ida);
SELECT subject_id, requested_by = current_user AS by_me, finished_at FROM helix.erasures;
SELECT * FROM pg_temp.pieces();
SELECT subject_id, finished_at >= requested_at AS finished, in_transit_rows, trim_scale(in_transit_usd) FROM helix.erasures;
SELECT count(*) FROM helix.executions WHERE user_id = :ida;
SELECT e::text = :'before' AS same FROM helix.cost_trends e WHERE user_id = :jon AND date = current_date;
SELECT state, erased FROM helix.erase_user(:ida);

-- Who comes back starts anew: the request id of before counts.
SELECT helix.record_operation_execution(:ida, 'email-compose', current_date, true, 100, 0.5, 'openai',
    p_request_id => format('%s %s', :ida, 0)) > 0 AS recorded;
SELECT total_operations, total_cost_usd FROM helix.cost_trends WHERE user_id = :ida;

-- Leave nothing behind.
SELECT state FROM helix.erase_user(:ida);
SELECT state FROM helix.erase_user(:jon);
SELECT * FROM pg_temp.pieces();
DELETE FROM helix.erasures;
SELECT * FROM helix.verify_ledger();
