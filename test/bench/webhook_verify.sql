WITH b AS MATERIALIZED (SELECT body || '' AS body, signature FROM bench.bodies WHERE bytes = :bytes)
SELECT 1 / (count(*) = :calls AND bool_and(helix.hmac_verify(b.body, b.signature, 's3cret'::bytea)))::int
  FROM b, generate_series(1, :calls);
