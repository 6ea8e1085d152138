-- Pauses: what of the queue does not start.
CREATE TABLE helix_internal.queue_pauses (
    user_id      uuid,
    operation_id text,
    reason       text,
    by_service   boolean     NOT NULL,
    restored     boolean     NOT NULL DEFAULT false,
    paused_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE NULLS NOT DISTINCT (user_id, operation_id, restored)
);
COMMENT ON TABLE helix_internal.queue_pauses IS
    'What is paused: executions of a user, of an operation, or of both. Where both are null, all are. Where restored is true, a '
    'restored dump has paused all. Operations that are renamed or deleted take their pauses along.';
ALTER TABLE helix_internal.queue_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.queue_pauses FORCE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.queue_pauses REPLICA IDENTITY FULL; -- so that all tables can be published
CREATE POLICY visible_users ON helix_internal.queue_pauses USING (user_id IS NULL OR user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

CREATE FUNCTION helix_internal.pauses_changed() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_pauses_changed';
COMMENT ON FUNCTION helix_internal.pauses_changed() IS 'After a change of the pauses. Tells every session at its commit.';
CREATE TRIGGER pauses_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON helix_internal.queue_pauses
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.pauses_changed();

CREATE FUNCTION helix_internal.pause_restored() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_pause_restored';
COMMENT ON FUNCTION helix_internal.pause_restored() IS
    'Before a dump''s row comes into the queue. Pauses all, where helix.after_restore says so.';
CREATE TRIGGER pause_restored BEFORE INSERT ON helix_internal.queue
    FOR EACH ROW EXECUTE FUNCTION helix_internal.pause_restored();

CREATE VIEW helix.queue_pauses WITH (security_invoker = true) AS
    SELECT p.user_id, p.operation_id, p.reason, p.by_service, p.paused_at FROM helix_internal.queue_pauses p
    UNION ALL
    SELECT NULL, NULL, 'helix.queue_paused is on', true, NULL
     WHERE pg_catalog.current_setting('helix.queue_paused')::boolean;
COMMENT ON VIEW helix.queue_pauses IS
    'What of the queue is paused, as far as it concerns the caller. Null in user_id stands for all users, null in operation_id '
    'for all operations. Where by_service is true, a service role, a restored dump or a setting has paused it.';

CREATE FUNCTION helix.pause_queue(p_operation_id text DEFAULT NULL, p_user_id uuid DEFAULT NULL, p_reason text DEFAULT NULL)
    RETURNS boolean LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_pause_queue';
COMMENT ON FUNCTION helix.pause_queue(text, uuid, text) IS
    'Pauses what waits and what is queued later: all of it, that of p_operation_id, that of p_user_id, or of both. What runs '
    'goes on. False where that is paused already. Users pause their own. Errors: 42704 unknown operation, 42501 another user''s id '
    'or none, 22001 a p_reason above 1,000 characters.';

CREATE FUNCTION helix.resume_queue(p_operation_id text DEFAULT NULL, p_user_id uuid DEFAULT NULL)
    RETURNS boolean LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_resume_queue';
COMMENT ON FUNCTION helix.resume_queue(text, uuid) IS
    'Ends the pause that pause_queue() made with the same arguments, or that a restored dump made of all. Other pauses stay. '
    'False where there is none. Errors: 55000 helix.queue_paused is on, 42704 unknown operation, 42501 another user''s id or '
    'none, or a service role has paused it.';

SELECT pg_catalog.pg_extension_config_dump('helix_internal.queue_pauses', 'WHERE NOT restored');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix_internal.queue_pauses'),
    ('authenticated', 'SELECT ON helix.queue_pauses'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.pause_queue(text, uuid, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.resume_queue(text, uuid)');
