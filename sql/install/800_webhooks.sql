-- Webhooks: what senders post is verified, deduplicated, logged and queued in one transaction. Functions without SET search_path,
-- which would double the time of hmac_verify(), look up no name before they have set it themselves. No CHECK: each statement
-- would read its expression anew, and only C++ with fixed words writes here.
CREATE TABLE helix_internal.webhook_events (
    id               uuid        NOT NULL,
    user_id          uuid        NOT NULL,
    schedule_id      uuid,
    event_type       text        NOT NULL,
    signature        text,
    signature_error  text,
    body             bytea,
    body_size        integer     NOT NULL,
    signed_timestamp text,
    signed_id        text,
    mac              bytea,
    duplicate        boolean     NOT NULL DEFAULT false,
    execution_id     uuid,
    replay_of        uuid,
    replayed_by      name,
    created_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    challenge        boolean     NOT NULL DEFAULT false,
    headers          jsonb,
    CONSTRAINT webhook_events_pkey PRIMARY KEY (id)
);
CREATE INDEX idx_webhook_events_schedule ON helix_internal.webhook_events (schedule_id, created_at DESC);
CREATE INDEX webhook_events_user ON helix_internal.webhook_events (user_id);
COMMENT ON TABLE helix_internal.webhook_events IS
    'What reached the webhooks, as long as helix.webhook_event_retention says. Bodies of duplicates, and those that no '
    'signature vouches for, are not kept. The user of an unknown schedule is 00000000-0000-0000-0000-000000000000.';
COMMENT ON COLUMN helix_internal.webhook_events.mac IS
    'The first 10 bytes of the code that verified: a replay is compared with them';
COMMENT ON COLUMN helix_internal.webhook_events.headers IS 'Those that kept_headers of the scheme lists; nothing signs them';

ALTER TABLE helix_internal.webhook_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE helix_internal.webhook_events FORCE ROW LEVEL SECURITY;
CREATE POLICY visible_users ON helix_internal.webhook_events USING (user_id BETWEEN
    (SELECT helix_internal.first_visible_user()) AND (SELECT helix_internal.last_visible_user()));

-- Kept as long as the schedule, 16 bytes of SHA-256 for each: a delivery is not queued twice, however late it comes again.
CREATE TABLE helix_internal.webhook_deliveries (
    schedule_id uuid NOT NULL,
    digest      uuid NOT NULL,
    PRIMARY KEY (schedule_id, digest)
);
COMMENT ON TABLE helix_internal.webhook_deliveries IS
    'The deliveries that have been accepted, as the first half of a SHA-256 of the signed id where the scheme has one, else of the '
    'body together with delivery_header. They go with their schedule.';
SELECT pg_catalog.pg_extension_config_dump('helix_internal.webhook_events', '');
SELECT pg_catalog.pg_extension_config_dump('helix_internal.webhook_deliveries', '');

CREATE FUNCTION helix_internal.forget_deliveries() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_forget_deliveries';
COMMENT ON FUNCTION helix_internal.forget_deliveries() IS 'After a schedule is deleted: its deliveries go too';
CREATE TRIGGER forget_deliveries AFTER DELETE ON helix_internal.operation_schedules
    FOR EACH ROW EXECUTE FUNCTION helix_internal.forget_deliveries();

CREATE FUNCTION helix_internal.check_webhook() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_webhook';
COMMENT ON FUNCTION helix_internal.check_webhook() IS
    'After a schedule of type webhook is inserted or updated: refuses (22023) one without webhook_url where its scheme signs it';
CREATE TRIGGER check_webhook AFTER INSERT OR UPDATE OF schedule_type, webhook_scheme, webhook_url
    ON helix_internal.operation_schedules
    FOR EACH ROW WHEN (NEW.schedule_type = 'webhook' AND NEW.webhook_url IS NULL)
    EXECUTE FUNCTION helix_internal.check_webhook();

CREATE FUNCTION helix_internal.webhook_payload(p_body bytea) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_webhook_payload';
COMMENT ON FUNCTION helix_internal.webhook_payload(bytea) IS
    'A body as JSON: itself where it is JSON, a string where it is text, else {"base64": …}';

CREATE VIEW helix.webhook_events WITH (security_invoker = true) AS
    SELECT e.id, NULLIF(e.user_id, '00000000-0000-0000-0000-000000000000'::uuid) AS user_id, e.schedule_id, e.event_type,
           e.signature,
           helix_internal.webhook_payload(e.body) AS payload, e.body_size, e.event_type = 'webhook_received' AS signature_verified,
           e.signature_error, e.event_type = 'webhook_received' AS processed,
           CASE WHEN e.event_type = 'webhook_received' THEN e.created_at END AS processed_at,
           e.duplicate, e.execution_id, e.replay_of, e.replayed_by, e.created_at, e.challenge, e.headers
      FROM helix_internal.webhook_events e;
COMMENT ON VIEW helix.webhook_events IS
    'What reached the webhooks of the caller''s schedules: webhook_received, signature_failed or webhook_error. signature: its '
    'first 20 characters; payload: the body as JSON, null where no signature vouches for it or it is a duplicate; body_size in '
    'bytes; processed: queued, or a duplicate of what was; execution_id: the execution that it queued; replay_of: the event '
    'that it repeats; challenge: of the sender, which was answered; headers: those that the scheme keeps. Service roles '
    'see calls of unknown schedules too.';

CREATE FUNCTION helix.hmac_verify(p_payload bytea, p_signature text, p_key bytea, p_algorithm text DEFAULT 'sha256') RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'helix_hmac_verify';
COMMENT ON FUNCTION helix.hmac_verify(bytea, text, bytea, text) IS
    'Whether p_signature is the HMAC (RFC 2104) of p_payload under p_key, in hexadecimal digits or base64, compared in constant '
    'time. p_algorithm: sha1, sha256, sha512. Null where an argument is. 22023 on another algorithm or an empty key. A key in a '
    'statement may be logged: give it as a parameter, or use verify_webhook_signature().';

CREATE FUNCTION helix.verify_webhook_signature(
    p_payload bytea, p_signature text, p_secret_ref text, p_scheme text DEFAULT 'hmac-sha256-hex', p_headers jsonb DEFAULT NULL,
    p_url text DEFAULT NULL)
    RETURNS boolean LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_verify_webhook_signature';
COMMENT ON FUNCTION helix.verify_webhook_signature(bytea, text, text, text, jsonb, text) IS
    'Whether a webhook is signed with the secret that p_secret_ref names (op://, vault://, file://, env://), by a scheme of '
    'helix.webhook_schemes. p_signature: the value of the scheme''s signature header, null to take it from p_headers; '
    'p_headers: an object of the sender''s headers, for timestamps (5 min old, 1 min ahead at most) and ids; p_url: the address '
    'that was called, where the scheme signs it. Errors: 42704 '
    'unknown scheme, 22023 not a reference or not an object, 22004 null payload or reference, HX003 the secret is unavailable.';

CREATE FUNCTION helix.webhook_trigger(p_schedule_id uuid, p_payload text, p_signature text DEFAULT NULL,
                                      p_headers jsonb DEFAULT NULL, p_body_base64 text DEFAULT NULL)
    RETURNS json LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_webhook_trigger';
COMMENT ON FUNCTION helix.webhook_trigger(uuid, text, text, jsonb, text) IS
    'A call of a schedule''s webhook: verifies p_signature (null: from p_headers) over the bytes of p_payload, logs the call in '
    'helix.webhook_events and queues an execution, in one transaction. Returns the answer''s body and sets response.status for '
    'PostgREST: 202 accepted (or delivered before: "duplicate": true, nothing queued), 400 no id or empty body, 401 no '
    'signature or a wrong one, 404 no such webhook, 413 body over helix.webhook_body_limit, 429 too many calls (Retry-After in '
    'response.headers, s), 500 the secret cannot be loaded. A body that is no text is given as p_body_base64 instead. The '
    'headers X-Webhook-Method and X-Webhook-Query say what the method and query of the sender were, so that challenges in a GET '
    'are answered. Raises nothing for what a sender does.';

CREATE FUNCTION helix.webhook_receive(bytea) RETURNS json
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_webhook_receive';
COMMENT ON FUNCTION helix.webhook_receive(bytea) IS
    'webhook_trigger() for a raw body that PostgREST hands over (application/octet-stream): the schedule''s id is the header '
    'X-Schedule-Id of request.headers, the signature is in the header of its scheme. Answers 405 where request.method is not '
    'POST, 400 without an id; else as webhook_trigger().';

CREATE FUNCTION helix.webhook_receive(json) RETURNS json
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'helix_webhook_receive';
COMMENT ON FUNCTION helix.webhook_receive(json) IS
    'The same for a JSON body (application/json), which PostgREST hands over byte for byte';

CREATE FUNCTION helix.webhook_verify_token(p_schedule_id uuid) RETURNS text
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_webhook_verify_token';
COMMENT ON FUNCTION helix.webhook_verify_token(uuid) IS
    'The verify token to give to a sender that asks by a GET whether the address is a webhook, such as Meta. It follows from the '
    'id and the secret of the schedule. Errors: 42704 unknown schedule, 55000 no webhook, HX003 the secret is unavailable.';

CREATE FUNCTION helix.replay_webhook_event(p_event_id uuid) RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_replay_webhook_event';
COMMENT ON FUNCTION helix.replay_webhook_event(uuid) IS
    'Verifies a received event again, from the stored bytes and with the secrets of now, and queues it once more; the id of the '
    'new event, which names the old one and who replayed it. Errors: 42704 unknown event, 55000 it was not verified then or is '
    'not now, its schedule is gone, disabled or no webhook, HX003 the secret is unavailable, 42501 another user''s event.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('anon', 'EXECUTE ON FUNCTION helix.webhook_trigger(uuid, text, text, jsonb, text)'),
    ('anon', 'EXECUTE ON FUNCTION helix.webhook_receive(bytea)'),
    ('anon', 'EXECUTE ON FUNCTION helix.webhook_receive(json)'),
    ('authenticated', 'SELECT ON helix_internal.webhook_events'),
    ('authenticated', 'SELECT ON helix.webhook_events'),
    ('authenticated', 'EXECUTE ON FUNCTION helix_internal.webhook_payload(bytea)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.replay_webhook_event(uuid)'),
    ('authenticated', 'EXECUTE ON FUNCTION helix.hmac_verify(bytea, text, bytea, text)'),
    ('service', 'EXECUTE ON FUNCTION helix.verify_webhook_signature(bytea, text, text, text, jsonb, text)'),
    ('service', 'EXECUTE ON FUNCTION helix.webhook_verify_token(uuid)');
