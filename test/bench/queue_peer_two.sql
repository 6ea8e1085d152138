SELECT array_agg(id) AS ids FROM bench.read(300, 10) \gset
SELECT bench.finish(u.id) FROM unnest(:ids::bigint[]) u (id);
