\set user random(1, 1000)
SELECT helix.cache_get('recommendations:' || lpad(:user, 32, '0')::uuid);
