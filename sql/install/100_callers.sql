-- Who is calling, and for whom may he act.
CREATE FUNCTION helix.current_user_id() RETURNS uuid
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_current_user_id';
COMMENT ON FUNCTION helix.current_user_id() IS
    'The signed-in user: the sub of the setting request.jwt.claims where claims are set, else the setting helix.user_id; '
    'null where there is neither. 22023 where the subject is not a uuid.';

CREATE FUNCTION helix_internal.act_for_anyone() RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN true;
COMMENT ON FUNCTION helix_internal.act_for_anyone() IS
    'A mark: a role that may execute this function is a service role and may read and record for every user';

CREATE FUNCTION helix_internal.authorized_user(p_user_id uuid) RETURNS uuid
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_authorized_user';
COMMENT ON FUNCTION helix_internal.authorized_user(uuid) IS
    'p_user_id where the caller may act for that user; else 42501. 22004 on null.';

-- Row security is a range of users: one's own id twice, all ids for a service role, null for nobody. A range serves an
-- index in each case; "own id OR service" serves none.
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
    'Before a row that clients write: refuses another user''s (42501) before anything is locked for it, and makes the id of a new one. Service '
    'roles write any user''s rows, with the ids that they give, as a dump does.';

CREATE FUNCTION helix.grant_api_access(p_authenticated name, p_service name, p_anon name DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_grant_api_access';
COMMENT ON FUNCTION helix.grant_api_access(name, name, name) IS
    'Sets up the roles of a PostgREST or Supabase API: p_authenticated reads and records his own rows, p_service acts for '
    'every user, p_anon gets nothing but the webhooks. Replaces all that these roles and PUBLIC had on helix, on columns too, and takes from everyone '
    'the right to pass on what they have, with what was passed on. Other roles keep what the owner gave them. 42704 on an unknown role; '
    '22004 where one of the first two is null; 22023 where one role is named twice.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'EXECUTE ON FUNCTION helix.current_user_id()'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.authorized_user(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.first_visible_user()'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.last_visible_user()'),
    ('service', 'EXECUTE ON FUNCTION helix_internal.act_for_anyone()');
