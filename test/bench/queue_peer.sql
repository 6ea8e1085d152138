SELECT bench.finish(r.id) FROM bench.read(300, 10) r;
