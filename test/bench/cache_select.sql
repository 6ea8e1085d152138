\set user random(1, 1000)
SELECT value FROM bench.preferences WHERE user_id = lpad(:user, 32, '0')::uuid;
