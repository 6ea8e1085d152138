WITH b AS MATERIALIZED (SELECT body || '' AS body, signature FROM bench.bodies WHERE bytes = :bytes)
SELECT 1 / (count(*) = :calls AND bool_and(hmac(b.body, 's3cret', 'sha256') = decode(b.signature, 'hex')))::int
  FROM b, generate_series(1, :calls);
