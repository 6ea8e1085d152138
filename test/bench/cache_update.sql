\set user random(1, 10000)
UPDATE bench.preferences SET value = value WHERE user_id = lpad(:user, 32, '0')::uuid;
