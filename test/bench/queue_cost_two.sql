SELECT array_agg(id) AS ids FROM bench.read(300, 10) \gset
SELECT bench.finish(u.id, 0.001) FROM unnest(:ids::bigint[]) u (id);
