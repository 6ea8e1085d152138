-- Nobody but the owner may do anything until grant_api_access() says so: takes away what PUBLIC has by default, and what
-- ALTER DEFAULT PRIVILEGES (Supabase sets some) has given to named roles on the way here.
CREATE FUNCTION helix_internal.revoke_default_privileges() RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_revoke_default_privileges';
COMMENT ON FUNCTION helix_internal.revoke_default_privileges() IS
    'Revokes every privilege on helix''s objects from everyone but their owner; part of CREATE EXTENSION';

SELECT helix_internal.revoke_default_privileges();
