-- Who is calling, and for which users they may act.
CREATE FUNCTION helix.current_user_id() RETURNS uuid
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_current_user_id';
COMMENT ON FUNCTION helix.current_user_id() IS
    'The signed-in user: the sub of the setting request.jwt.claims where claims are set, else the setting helix.user_id. Null '
    'where neither is set. 22023 where the subject is not a uuid.';

CREATE FUNCTION helix_internal.act_for_anyone() RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN true;
COMMENT ON FUNCTION helix_internal.act_for_anyone() IS
    'A mark: a role that may execute this function is a service role. It may read and record for every user.';

CREATE FUNCTION helix_internal.authorized_user(p_user_id uuid) RETURNS uuid
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_authorized_user';
COMMENT ON FUNCTION helix_internal.authorized_user(uuid) IS
    'p_user_id where the caller may act for that user, else 42501. 22004 on null.';

-- Row security is a range of users: from the caller's own id to the same, all ids for a service role, null for nobody. An
-- index serves a range in each case. It cannot serve "own id OR service".
CREATE FUNCTION helix_internal.first_visible_user() RETURNS uuid
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_first_visible_user';
COMMENT ON FUNCTION helix_internal.first_visible_user() IS 'Smallest user id whose rows the caller may see, null for none';

CREATE FUNCTION helix_internal.last_visible_user() RETURNS uuid
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_last_visible_user';
COMMENT ON FUNCTION helix_internal.last_visible_user() IS 'Largest user id whose rows the caller may see, null for none';

CREATE FUNCTION helix_internal.check_caller() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_caller';
COMMENT ON FUNCTION helix_internal.check_caller() IS
    'Before a row that clients write: refuses another user''s row (42501) before anything is locked for it, and gives a new row '
    'its id. Service roles write any user''s rows, with the ids that they give, as a dump does.';

CREATE FUNCTION helix.grant_api_access(p_authenticated name, p_service name, p_anon name DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_grant_api_access';
COMMENT ON FUNCTION helix.grant_api_access(name, name, name) IS
    'Sets up the roles of a PostgREST or Supabase API. p_authenticated reads and records for the signed-in user, p_service acts '
    'for every user, p_anon gets nothing but the webhooks. It replaces all privileges that these roles and PUBLIC had on helix, '
    'on columns too. Everyone loses the right to pass on what they have, and what they passed on is revoked. Other roles keep '
    'what the owner gave them. Tokens may name these three roles, and roles of helix-edge may take them on, instead of those of '
    'an earlier call. Errors: 42704 an unknown role, 22004 one of the first two is null, 22023 one role is named twice.';

CREATE FUNCTION helix.grant_edge_access(p_role name) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_grant_edge_access';
COMMENT ON FUNCTION helix.grant_edge_access(name) IS
    'Makes a role one that helix-edge signs in as: it may take on the roles of grant_api_access() by SET ROLE, have tokens '
    'verified, and record for callers that it has verified. It replaces all privileges that the role had on helix. The role''s '
    'parameters of statements stay out of the log. Errors: 42704 an unknown role, 22004 null, 22023 a superuser, an API role, or '
    'a role that inherits.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix.current_user_id()'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.authorized_user(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.first_visible_user()'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.last_visible_user()'),
    ('service', 'EXECUTE ON FUNCTION helix_internal.act_for_anyone()');
