-- helix: these parts, in order, create all of its objects. Clients use schema helix; helix_internal is helix's own.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA helix;
CREATE SCHEMA helix_internal;
REVOKE ALL ON SCHEMA helix, helix_internal FROM PUBLIC;
COMMENT ON SCHEMA helix IS 'helix: functions, views and tables for clients';
COMMENT ON SCHEMA helix_internal IS 'helix: ledger, rollups and state; read through the views of schema helix';

-- What grant_api_access() grants. Each part adds its own rows.
CREATE TABLE helix_internal.api_grants (
    audience  text NOT NULL CHECK (audience IN ('authenticated', 'service', 'anon')),
    privilege text NOT NULL,
    PRIMARY KEY (audience, privilege)
);
COMMENT ON TABLE helix_internal.api_grants IS
    'Privileges of the API roles, as the words between GRANT and TO. Authenticated roles get those of anon too, service roles get '
    'all.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('anon', 'USAGE ON SCHEMA helix');
