\set user random(:first, :last)
\set latency random(200, 5000)
\set cost random(1, 99999) * 0.000001
SELECT bench.upsert(lpad(:user, 32, '0')::uuid, current_date, true, :latency, :cost, 'anthropic');
