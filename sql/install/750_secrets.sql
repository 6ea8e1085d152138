-- Secrets by reference: what is known of op:// secrets, never the secrets themselves.
CREATE FUNCTION helix.secret_cache_status()
    RETURNS TABLE (reference text, source text, state text, age interval, usable_until timestamptz, last_error text,
                   last_error_at timestamptz)
    LANGUAGE c VOLATILE ROWS 20 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_secret_cache_status';
COMMENT ON FUNCTION helix.secret_cache_status() IS
    'One row for each op:// secret that the server remembers, of every database. source: connect or command line, as set now. '
    'state: fresh; stale (older than helix.secret_cache_ttl, used until usable_until where 1Password cannot be reached); asked '
    '(the first answer is awaited); not found and unavailable (with last_error); expired. age: since the secret was read, null '
    'without one. last_error: why the latest attempt since then failed. Never holds a secret.';

CREATE FUNCTION helix.forget_secret(p_secret_ref text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_forget_secret';
COMMENT ON FUNCTION helix.forget_secret(text) IS
    'Wipes an op:// secret from the server''s memory at once, whatever becomes of the transaction; the next use reads it from '
    '1Password. Whether it was known. References of other kinds are never remembered. 22004 on null.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('service', 'EXECUTE ON FUNCTION helix.secret_cache_status()'),
    ('service', 'EXECUTE ON FUNCTION helix.forget_secret(text)');
