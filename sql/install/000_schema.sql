-- helix: the whole schema is laid by these parts in order. helix is the public face, helix_internal the engine room.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA helix;
CREATE SCHEMA helix_internal;
REVOKE ALL ON SCHEMA helix, helix_internal FROM PUBLIC;
COMMENT ON SCHEMA helix IS 'helix: functions, views and tables for clients';
COMMENT ON SCHEMA helix_internal IS 'helix: ledger, rollups and state; read through the views of schema helix';

-- What grant_api_access() grants: each part of the schema adds its own lines.
CREATE TABLE helix_internal.api_grants (
    audience  text NOT NULL CHECK (audience IN ('authenticated', 'service', 'anon')),
    privilege text NOT NULL,
    PRIMARY KEY (audience, privilege)
);
COMMENT ON TABLE helix_internal.api_grants IS
    'Privileges of the API roles, as the words between GRANT and TO; authenticated roles get those of anon '
    'too, service roles all';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('anon', 'USAGE ON SCHEMA helix');
