-- Tokens (JWT) by which callers of helix-edge say who they are.
CREATE FUNCTION helix_internal.verify_jwt(
    p_token text, OUT role name, OUT claims text, OUT user_id uuid, OUT service boolean, OUT keep_until timestamptz,
    OUT may_record boolean)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_verify_jwt';
COMMENT ON FUNCTION helix_internal.verify_jwt(text) IS
    'Whom a token stands for: the API role that it names, its claims, its sub where that is a uuid, and whether that role acts for '
    'everyone. The answer may be kept until keep_until, at most a minute. may_record: whether the role may execute '
    'record_operation_execution. Null, an empty text and a token without a role mean the '
    'anonymous role. HS256 by helix.jwt_secret_ref, RS256 and ES256 by helix.jwks_ref; clocks may differ by 30 s; exp is required. '
    'Errors: 28000 invalid token, and no more; HX003 what verifies it cannot be had.';

CREATE FUNCTION helix.edge_token(p_user_id uuid, p_ttl interval DEFAULT '1 hour') RETURNS text
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_edge_token';
COMMENT ON FUNCTION helix.edge_token(uuid, interval) IS
    'A token of a signed-in user for trying out, signed by HS256 with the secret of helix.jwt_secret_ref. It is valid for p_ttl, 1 '
    's to 365 days. Superusers alone. Errors: 42501 another caller; 22004 null; 22023 p_ttl out of range; 55000 no secret is '
    'named, or grant_api_access() was not called; HX003 the secret cannot be had.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('edge', 'EXECUTE ON FUNCTION helix_internal.verify_jwt(text)');
