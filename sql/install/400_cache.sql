-- The cache: functions over the application's Redis, and triggers on relations whose rows are cached.
CREATE TABLE helix_internal.known_reads (
    family      text PRIMARY KEY CHECK (family ~ '^[a-z_]+$'),
    parameters  integer NOT NULL CHECK (parameters BETWEEN 1 AND 8),
    form        text NOT NULL,
    query       text NOT NULL,
    ttl_setting text NOT NULL
);
COMMENT ON TABLE helix_internal.known_reads IS
    'The cache keys whose values helix can compute. A key is family:parameter:parameter… and matches the regular expression '
    'form, so that one value has one key. The query gets the parameters as texts $1, $2 … and returns one jsonb. The setting '
    'says how long that stays in the cache.';
INSERT INTO helix_internal.known_reads (family, parameters, form, query, ttl_setting) VALUES
    ('cost_trends', 2, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[1-9][0-9]{0,4}$', $$
        SELECT coalesce(pg_catalog.jsonb_agg(t), '[]') FROM helix.get_cost_trends($1::uuid, $2::integer) t
     $$, 'helix.cache_analytics_ttl'),
    ('op_metrics', 4, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[^:]+:(0|[1-9][0-9]{0,14}):(0|[1-9][0-9]{0,14})$', $$
        SELECT pg_catalog.to_jsonb(m) FROM helix.get_operation_metrics(
            $1::uuid, $2, pg_catalog.to_timestamp($3::bigint / 1000.0), pg_catalog.to_timestamp($4::bigint / 1000.0)) m
     $$, 'helix.cache_analytics_ttl'),
    ('all_op_metrics', 3, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:(0|[1-9][0-9]{0,14}):(0|[1-9][0-9]{0,14})$', $$
        SELECT coalesce(pg_catalog.jsonb_agg(m), '[]') FROM helix.get_all_operation_metrics(
            $1::uuid, pg_catalog.to_timestamp($2::bigint / 1000.0), pg_catalog.to_timestamp($3::bigint / 1000.0)) m
     $$, 'helix.cache_analytics_ttl'),
    -- Without the time at which it was asked: all else is the same until something is recorded.
    ('dashboard', 3, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[1-9][0-9]{0,4}:[A-Za-z0-9_+/-]{1,64}$', $$
        SELECT helix.get_dashboard($1::uuid, $2::integer, $3) - 'as_of'
     $$, 'helix.cache_analytics_ttl'),
    ('recommendations', 2, '^[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[1-9][0-9]{0,2}$', $$
        SELECT coalesce(pg_catalog.jsonb_agg(r), '[]') FROM helix.get_recommendations($1::uuid, $2::integer) r
     $$, 'helix.cache_recommendations_ttl');

CREATE FUNCTION helix.cache_get(p_key text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_get';
COMMENT ON FUNCTION helix.cache_get(text) IS
    'The cached JSON under a key of 1 to 512 bytes. Null where there is none, or where helix cannot vouch for it: a client has set '
    'it, Redis is away, or this transaction has made it stale. 22023 on a key that begins with helix: or holds a uuid with '
    'capitals.';

CREATE FUNCTION helix.cache_get_with_token(p_key text, OUT value jsonb, OUT token text)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_get_with_token';
COMMENT ON FUNCTION helix.cache_get_with_token(text) IS
    'What cache_get() gives, and where that is null a token for cache_set(). A value that is read after this call and set with the '
    'token is stored only if nothing has made the key stale meanwhile, whichever session sets it. The token is null beside a '
    'value. Errors as of cache_get().';

CREATE FUNCTION helix.cache_set(p_key text, p_value jsonb, p_ttl_seconds integer, p_token text DEFAULT NULL) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_set';
COMMENT ON FUNCTION helix.cache_set(text, jsonb, integer, text) IS
    'Stores JSON of up to 1 MiB at once, for 1 to 86400 s, and returns true. Only cache_get() reads it: the other functions '
    'compute what they vouch for. The value counts as read when cache_get_with_token() gave p_token. Without a token it counts as '
    'read when cache_get() first missed the key, in this session or within the last ten minutes in any, and else as read now. '
    'False where nothing is stored: Redis is away, the key has been invalidated since, the value is too large, this '
    'transaction has written or has one snapshot (REPEATABLE READ), or the server is a standby. 22023 on a key that cache_read() '
    'computes, and on a token of another key.';

CREATE FUNCTION helix.cache_get_or_fetch(p_key text, p_query text, p_ttl_seconds integer) RETURNS jsonb
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_cache_get_or_fetch';
COMMENT ON FUNCTION helix.cache_get_or_fetch(text, text, integer) IS
    'The cached JSON under a key. Where there is none, p_query computes it, and it is stored for 1 to 86400 s unless it was '
    'invalidated meanwhile. p_query is one SELECT that neither writes nor locks rows. It runs as the caller, and gives one column '
    'of type jsonb or json and one row at most (22023, 42804 and 21000 else). One reader at a time computes a key; the others wait '
    'until that ends, helix.cache_fill_wait at most. Null where the query gives null or no row; that is stored too. Warns of '
    'tables in the query whose changes do not remove the key (see invalidate_on_change()). 22023 on a key that cache_read() '
    'computes.';

CREATE FUNCTION helix.cache_read(p_key text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_read';
COMMENT ON FUNCTION helix.cache_read(text) IS
    'Reads a key of helix''s own families through the cache: op_prefs:<user>, op_pref:<user>:<operation>, theme_prefs:<user>, '
    'cost_trends:<user>:<days>, op_metrics:<user>:<operation>:<start ms>:<end ms>, all_op_metrics:<user>:<start ms>:<end ms>, '
    'dashboard:<user>:<days>:<zone> (without as_of) or recommendations:<user>:<limit>. '
    '42501 on another user''s key, 22023 on an unknown key, 42704 on an unknown operation.';

CREATE FUNCTION helix.cache_delete(p_key text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_delete';
COMMENT ON FUNCTION helix.cache_delete(text) IS
    'Removes a key from the cache when the transaction commits. 22023 on a key that begins with helix:, 25006 on a standby.';

CREATE FUNCTION helix.cache_delete_pattern(p_pattern text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_delete_pattern';
COMMENT ON FUNCTION helix.cache_delete_pattern(text) IS
    'Removes every key that matches a Redis glob (* ? [a-c] and \ to quote), whoever has set it, when the transaction commits. '
    '22023 on a pattern that begins with helix:, 25006 on a standby.';

CREATE FUNCTION helix.invalidate_user_cache(p_user_id uuid) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_invalidate_user_cache';
COMMENT ON FUNCTION helix.invalidate_user_cache(uuid) IS
    'Removes every key of helix''s (helix.cache_keys and what it has stored itself) that has the user''s id as a segment, between '
    'colons, when the transaction commits. Other keys of the user stay. 25006 on a standby.';

CREATE FUNCTION helix.cache_flush_all() RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_flush_all';
COMMENT ON FUNCTION helix.cache_flush_all() IS
    'Removes everything that helix owns in Redis (helix.cache_keys and what it has stored itself) when the transaction commits; '
    'other keys stay. 25006 on a standby.';

CREATE FUNCTION helix.cache_stats(
    OUT state text, OUT connected_since timestamptz, OUT last_error text, OUT worker_pid integer, OUT keys bigint,
    OUT memory_bytes bigint, OUT hits bigint, OUT misses bigint, OUT fills bigint, OUT refused_fills bigint,
    OUT invalidations bigint, OUT drops bigint, OUT epochs bigint, OUT lag_ms bigint, OUT lease_ms_left bigint)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_stats';
COMMENT ON FUNCTION helix.cache_stats() IS
    'One row. state: off, connecting, up or down. last_error: why it is not up, else null. keys and memory_bytes: of the whole '
    'Redis database, null where it does not answer. Since the server started: hits and misses of the cache functions, fills and '
    'refused_fills (invalidated meanwhile), invalidations (keys, patterns and users sent), drops (commits for which '
    'helix.cache_ring_size had no room), epochs (times everything was invalidated). lag_ms: age of the oldest commit that is '
    'being reported. lease_ms_left: how long readers trust the cache from now on if they hear nothing more.';

CREATE FUNCTION helix.cache_audit(p_sample integer)
    RETURNS TABLE (key text, cached jsonb, current jsonb)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_cache_audit';
COMMENT ON FUNCTION helix.cache_audit(integer) IS
    'Compares up to p_sample (1 to 100,000) cached values of helix''s own families, whoever has set them, with what SQL gives now. '
    'Each difference is a row. A value that may be about to be removed is looked at again before it counts. Warns of keys that '
    'helix does not compute and so cannot compare, and of tables whose changes do not remove a key.';

CREATE FUNCTION helix_internal.invalidate_cache() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_invalidate_cache';
COMMENT ON FUNCTION helix_internal.invalidate_cache() IS
    'Trigger of helix.invalidate_on_change(): its arguments are the templates of the keys that a changed row makes stale';

CREATE FUNCTION helix.invalidate_on_change(p_relation regclass, VARIADIC p_keys text[]) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_invalidate_on_change';
COMMENT ON FUNCTION helix.invalidate_on_change(regclass, text[]) IS
    'From now on every committed change of the table''s rows removes the keys that the templates name, such as '
    'op_pref:{user_id}:{operation_id} or cost_trends:{user_id}:*. Makes triggers that fire always (COPY, TRUNCATE, logical '
    'replication too), so the caller must own the table. 22023 where no pattern of helix.cache_keys covers a template. 42703 on an '
    'unknown column. 0A000 on a column whose text depends on settings (times, floats, bytea), and on a partitioned table (register '
    'its partitions). 42710 where the table has the triggers already (drop helix_cache_rows and helix_cache_truncate first).';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix.cache_read(text)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_get(text)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_get_with_token(text)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_set(text, jsonb, integer, text)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_get_or_fetch(text, text, integer)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_delete(text)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_delete_pattern(text)'),
    ('service', 'EXECUTE ON FUNCTION helix.invalidate_user_cache(uuid)'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_flush_all()'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_stats()'),
    ('service', 'EXECUTE ON FUNCTION helix.cache_audit(integer)');
