-- The secrets of webhooks: references change, and each change leaves a row.
CREATE TABLE helix.webhook_secret_audits (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      uuid        NOT NULL,
    schedule_id  uuid        NOT NULL,
    secret_ref   text        NOT NULL,
    action       text        NOT NULL CHECK (action IN ('created', 'rotated', 'revoked')),
    old_hash     text,
    new_hash     text,
    performed_by name        NOT NULL,
    reason       text,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE INDEX idx_webhook_secret_audits_schedule ON helix.webhook_secret_audits (schedule_id, created_at DESC);
CREATE INDEX webhook_secret_audits_user ON helix.webhook_secret_audits (user_id);
CREATE INDEX webhook_secret_audits_created_at ON helix.webhook_secret_audits USING brin (created_at) WITH (autosummarize = on);
COMMENT ON TABLE helix.webhook_secret_audits IS
    'Every change of the secrets that a schedule''s webhook verifies by, also by a rotation before the overlap is over and by '
    'the schedule''s end, kept for helix.secret_audit_retention; written by the database alone. Schedules of a dump bring their '
    'own rows.';
COMMENT ON COLUMN helix.webhook_secret_audits.secret_ref IS 'The new reference; where one is revoked, that one';
COMMENT ON COLUMN helix.webhook_secret_audits.old_hash IS
    'Fingerprint of the old secret: 32 bits of PBKDF2-HMAC-SHA256 with 600,000 rounds, salted with the schedule''s id; null '
    'where there was none or it could not be loaded. Tells whether a secret is the same; whoever reads it can try guesses, some '
    '5 a second and core';
COMMENT ON COLUMN helix.webhook_secret_audits.new_hash IS 'Fingerprint of the new secret, likewise';
COMMENT ON COLUMN helix.webhook_secret_audits.performed_by IS 'The role that made the change';

ALTER TABLE helix.webhook_secret_audits ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix.webhook_secret_audits FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix.webhook_secret_audits USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));
SELECT pg_catalog.pg_extension_config_dump('helix.webhook_secret_audits', '');
SELECT pg_catalog.pg_extension_config_dump('helix.webhook_secret_audits_id_seq', '');

CREATE FUNCTION helix_internal.audit_webhook_secret() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_audit_webhook_secret';
COMMENT ON FUNCTION helix_internal.audit_webhook_secret() IS
    'After a change of a schedule''s secrets: refuses what is not a reference (22023), and writes rows of '
    'helix.webhook_secret_audits';
-- A schedule that is inserted with another created_at than now() comes from a dump.
CREATE TRIGGER audit_new_secret AFTER INSERT ON helix_internal.operation_schedules
    FOR EACH ROW WHEN (NEW.webhook_secret_ref IS NOT NULL AND NEW.created_at = pg_catalog.now())
    EXECUTE FUNCTION helix_internal.audit_webhook_secret();
CREATE TRIGGER audit_changed_secret AFTER UPDATE OF webhook_secret_ref, previous_secret_ref ON helix_internal.operation_schedules
    FOR EACH ROW WHEN (OLD.webhook_secret_ref IS DISTINCT FROM NEW.webhook_secret_ref
                       OR OLD.previous_secret_ref IS DISTINCT FROM NEW.previous_secret_ref)
    EXECUTE FUNCTION helix_internal.audit_webhook_secret();
CREATE TRIGGER audit_deleted_secret AFTER DELETE ON helix_internal.operation_schedules
    FOR EACH ROW WHEN (OLD.webhook_secret_ref IS NOT NULL OR OLD.previous_secret_ref IS NOT NULL)
    EXECUTE FUNCTION helix_internal.audit_webhook_secret();

CREATE FUNCTION helix.rotate_webhook_secret(
    p_schedule_id uuid, p_new_secret_ref text, p_overlap interval DEFAULT '1 hour', p_reason text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_rotate_webhook_secret';
COMMENT ON FUNCTION helix.rotate_webhook_secret(uuid, text, interval, text) IS
    'Gives a schedule''s webhook a new secret, which must be loadable; the old one verifies too for p_overlap (0 to 30 days). '
    'Writes helix.webhook_secret_audits. Errors: 42704 unknown schedule, 22023 not a reference, the same one, or a bad overlap, '
    '55000 not a webhook schedule, HX003 the new secret is unavailable or not written as the scheme wants it, 42501 another '
    'user''s schedule. Whoever is no service role gets HX003 without a reason for whatever is wrong with the secret, one that '
    'helix.user_secrets does not allow included.';

CREATE FUNCTION helix.revoke_webhook_secret(p_schedule_id uuid, p_secret_ref text DEFAULT NULL, p_reason text DEFAULT NULL)
    RETURNS integer
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_revoke_webhook_secret';
COMMENT ON FUNCTION helix.revoke_webhook_secret(uuid, text, text) IS
    'Takes a secret from a schedule''s webhook at once, the new or the old one of a rotation; null: all of them. How many that '
    'were (0 to 2). A webhook without a secret answers 500. Writes helix.webhook_secret_audits. Errors: 42704 unknown schedule, '
    '42501 another user''s.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.webhook_secret_audits'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.rotate_webhook_secret(uuid, text, interval, text)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.revoke_webhook_secret(uuid, text, text)');
