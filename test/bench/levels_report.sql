-- What test/bench/levels.sh has measured, as a table.
\pset footer off
WITH v AS (SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric AS value FROM bench.results GROUP BY what),
    m AS (SELECT jsonb_object_agg(what, value) AS of FROM v),
    measures (n, measure, value, unit, low, high) AS (
        SELECT r.* FROM m, LATERAL (VALUES
            (1, 'WAL, one call each, 32 clients', (m.of ->> 'wal_single')::numeric + (m.of ->> 'wal_close')::numeric,
             'B', NULL, 800),
            (2, 'WAL, one call each, 700 calls/s', (m.of ->> 'wal_slow')::numeric + (m.of ->> 'wal_close')::numeric,
             'B', NULL, 800),
            (3, 'WAL, bulk calls of 200', (m.of ->> 'wal_bulk')::numeric + (m.of ->> 'wal_close')::numeric, 'B', NULL, 450),
            (4, 'folding and closing 1,000 users : recording by 32 clients',
             (m.of ->> 'close_1000')::numeric / (m.of ->> 'recording')::numeric, '', 8, NULL),
            (5, 'folding and closing 100,000 users : recording by 32 clients',
             (m.of ->> 'close_100000')::numeric / (m.of ->> 'recording')::numeric, '', 3, NULL),
            (6, 'all levels, 1,000 users', (m.of ->> 'bytes_dense')::numeric, 'B', NULL, 20),
            (7, 'all levels, 10 executions a user and day', (m.of ->> 'bytes_sparse')::numeric, 'B', NULL, 400),
            (8, 'the same once minutes are given up', (m.of ->> 'bytes_sparse_later')::numeric, 'B', NULL, NULL),
            (9, 'the ledger and its indexes', (m.of ->> 'ledger_bytes')::numeric, 'B', NULL, 150),
            (10, 'size of all levels beside an idle transaction : before',
             (m.of ->> 'size_beside')::numeric / (m.of ->> 'size_before')::numeric, '', NULL, 5),
            (11, 'the worker''s processor time, likewise',
             (m.of ->> 'worker_beside')::numeric / (m.of ->> 'worker_before')::numeric, '', NULL, 1.5),
            (12, '30-day trend while many are folded : quiet (time)',
             (m.of ->> 'backlog')::numeric / (m.of ->> 'quiet')::numeric, '', NULL, 10)) r)
SELECT measure, round(value, CASE unit WHEN 'B' THEN 0 ELSE 2 END) || rtrim(' ' || unit) AS value,
       coalesce('>= ' || low, '<= ' || high) AS reach,
       CASE WHEN value >= coalesce(low, value) AND value <= coalesce(high, value) THEN 'yes' ELSE 'no' END AS "met?"
  FROM measures WHERE value IS NOT NULL
 ORDER BY n;
