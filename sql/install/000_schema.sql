-- helix: these parts, in order, create all of its objects. Clients use schema helix; helix_internal is helix's own.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA helix;
CREATE SCHEMA helix_internal;
REVOKE ALL ON SCHEMA helix, helix_internal FROM PUBLIC;
COMMENT ON SCHEMA helix IS 'helix: functions, views and tables for clients';
COMMENT ON SCHEMA helix_internal IS 'helix: ledger, rollups and state; read through the views of schema helix';

-- What grant_api_access() and, for the audience edge, grant_edge_access() grant. Each part adds its own rows.
CREATE TABLE helix_internal.api_grants (
    audience  text NOT NULL CHECK (audience IN ('authenticated', 'service', 'anon', 'edge')),
    privilege text NOT NULL,
    PRIMARY KEY (audience, privilege)
);
COMMENT ON TABLE helix_internal.api_grants IS
    'Privileges of the API roles, as the words between GRANT and TO. Authenticated roles get those of anon too, service roles get '
    'all three. Those of edge are for the roles that helix-edge signs in as.';

-- Whom tokens may name, and whom helix-edge may take on.
CREATE TABLE helix_internal.api_roles (
    audience text NOT NULL PRIMARY KEY CHECK (audience IN ('authenticated', 'service', 'anon')),
    role     name NOT NULL UNIQUE
);
COMMENT ON TABLE helix_internal.api_roles IS 'The roles of the latest grant_api_access()';
SELECT pg_catalog.pg_extension_config_dump('helix_internal.api_roles', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('anon', 'USAGE ON SCHEMA helix'),
    ('edge', 'USAGE ON SCHEMA helix'),
    ('edge', 'USAGE ON SCHEMA helix_internal');
