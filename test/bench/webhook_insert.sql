\set i :i + 1
WITH c AS (SELECT body, signature FROM bench.calls WHERE n = 20000 * :client_id + :i),
     e AS (INSERT INTO bench.events (schedule_id, signature, payload) SELECT 'be0c0000-0000-4000-8000-000000000001', signature,
         body::jsonb FROM c)
INSERT INTO bench.jobs (schedule_id, payload) SELECT 'be0c0000-0000-4000-8000-000000000001', body::jsonb FROM c;
