-- Erasure: what becomes of all that helix keeps about a user who asks to be forgotten.
CREATE TABLE helix.erasures (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject_id      uuid,
    requested_by    name        NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    requested_xid   bigint      NOT NULL,
    finished_at     timestamptz,
    erased          jsonb       NOT NULL DEFAULT '{}',
    in_transit_rows bigint      NOT NULL DEFAULT 0,
    in_transit_usd  numeric     NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX erasures_subject ON helix.erasures (subject_id) WHERE subject_id IS NOT NULL;
COMMENT ON TABLE helix.erasures IS
    'The erasures of users that were asked for by erase_user(), without the users: when, by which role, and how many rows of '
    'each kind. Rows stay. Only service roles see them.';
COMMENT ON COLUMN helix.erasures.subject_id IS 'The user, while the erasure runs; null once it has finished';
COMMENT ON COLUMN helix.erasures.requested_by IS 'The role that called erase_user()';
COMMENT ON COLUMN helix.erasures.requested_xid IS
    'The transaction that asked. The erasure does not finish before all that were open then have ended.';
COMMENT ON COLUMN helix.erasures.finished_at IS 'Null while it runs';
COMMENT ON COLUMN helix.erasures.erased IS 'The number of rows that were removed, by table';
COMMENT ON COLUMN helix.erasures.in_transit_rows IS
    'While it runs: folded executions that the ledger''s totals still have and the rollups no longer have. So are the USD in '
    'in_transit_usd.';

CREATE FUNCTION helix.erase_user(
    p_user_id uuid, OUT erasure_id bigint, OUT state text, OUT requested_at timestamptz, OUT erased jsonb)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_erase_user';
COMMENT ON FUNCTION helix.erase_user(uuid) IS
    'Removes all that helix keeps about a user, and returns how far that is. The worker does it once the transaction has '
    'committed, in small pieces, and goes on after a crash. state is running; where nothing is kept and no erasure runs it is '
    'finished, and erasure_id is null. erased counts the rows removed so far, by table. helix.erasures keeps that, without the '
    'user. What is recorded while it runs is erased too; what comes later starts anew. Sums of other users stay, and '
    'verify_ledger() finds nothing at any moment. 22004 on null.';

CREATE FUNCTION helix_internal.erase_some() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_erase_some';
COMMENT ON FUNCTION helix_internal.erase_some() IS
    'What the worker does again and again, for databases without one: removes up to 5,000 rows of one kind of a user whose '
    'erasure was asked for, or finishes the erasure. Returns how many rows it has removed.';

SELECT pg_catalog.pg_extension_config_dump('helix.erasures', '');
SELECT pg_catalog.pg_extension_config_dump('helix.erasures_id_seq', '');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('service', 'SELECT ON helix.erasures'),
    ('service', 'EXECUTE ON FUNCTION helix.erase_user(uuid)');
