-- Webhooks: signatures, every answer, duplicates, limits, rotation, replay. pgcrypto signs, so that both have to agree.
SET timezone = 'UTC';
CREATE EXTENSION pgcrypto;
\set id 3eb00000-0000-4000-8000-000000000001
\set ann 'a1100000-0000-0000-0000-000000000001'
-- The secrets are files that the server may read.
SELECT current_setting('data_directory') AS folder \gset
\set secret_file :folder /helix_secret
\set next_file :folder /helix_secret_next
\set third_file :folder /helix_secret_third
ALTER SYSTEM SET helix.secret_folder = :'folder';
SELECT pg_reload_conf();
SELECT count(pg_sleep(0.1)) * 0 AS waited FROM (SELECT WHERE current_setting('helix.secret_folder') = '') s;
SELECT count(pg_sleep(1)) * 0 AS waited FROM (SELECT WHERE current_setting('helix.secret_folder') = '') s;
SELECT count(pg_sleep(9)) * 0 AS waited FROM (SELECT WHERE current_setting('helix.secret_folder') = '') s;
COPY (SELECT 's3cret') TO :'secret_file';
COPY (SELECT 'n3xt') TO :'next_file';
SELECT 'file://' || :'secret_file' AS secret, 'file://' || :'next_file' AS next, 'file://' || :'folder'
    || '/no_such_file' AS missing \gset

-- sign(payload, secret), and call(payload, …): status and answer without what differs from run to run.
CREATE FUNCTION sign(payload text, secret text DEFAULT 's3cret') RETURNS text LANGUAGE sql AS
    $$ SELECT encode(hmac(payload, secret, 'sha256'), 'hex') $$;
CREATE FUNCTION call(schedule uuid, payload text, signature text, headers jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer jsonb;
BEGIN
    PERFORM set_config('response.status', '', true);
    answer := helix.webhook_trigger(schedule, payload, signature, headers);
    RETURN current_setting('response.status') || ' ' || (answer - 'event_id' - 'execution_id');
END $$;
-- refusal(statement): what it raises.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
    hint = PG_EXCEPTION_HINT;
    RETURN replace(concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, '')), current_setting('data_directory'),
        '<data>');
END $$;

-- hmac_verify() and pgcrypto agree; nothing else verifies.
SELECT bool_and(helix.hmac_verify(p::bytea, encode(hmac(p::bytea, k::bytea, a), f), k::bytea, a)) AS all_verify,
       bool_or(helix.hmac_verify(p::bytea, encode(hmac(p::bytea, k::bytea || '!', a), f), k::bytea, a)) AS any_other, count(*)
  FROM unnest(ARRAY['x', 'payload', repeat('long', 5000)]) p, unnest(ARRAY['k', repeat('key', 60)]) k,
       unnest(ARRAY['sha1', 'sha256', 'sha512']) a, unnest(ARRAY['hex', 'base64']) f
 WHERE NOT (a = 'sha512' AND f = 'base64'); -- pgcrypto's base64 breaks the line
SELECT helix.hmac_verify('x', upper(encode(hmac('x', 'k', 'sha256'), 'hex')), 'k');
SELECT s, helix.hmac_verify('x', s, 'k')
  FROM unnest(ARRAY['', 'zz', left(sign('x', 'k'), 62), sign('x', 'k') || '00', sign('x', 'k') || ' ', ' ' || sign('x', 'k')]) s;
SELECT helix.hmac_verify('x', NULL, 'k') IS NULL;
SELECT refusal($$SELECT helix.hmac_verify('x', 'y', 'k', 'md5')$$);
SELECT refusal($$SELECT helix.hmac_verify('x', 'y', '')$$);

-- Each scheme that ships verifies what its sender sends, and not a byte else. The time of a signed one is now.
CREATE TABLE sent (scheme text, secret text, body text, signature text, headers jsonb);
INSERT INTO sent VALUES
    ('hmac-sha256-hex', 's3cret', '{"a": 1}', sign('{"a": 1}'), NULL),
    ('hmac-sha256-base64', 's3cret', 'plain', encode(hmac('plain', 's3cret', 'sha256'), 'base64'), NULL),
    ('github', 's3cret', '{"zen": "x"}', NULL, jsonb_build_object('X-Hub-Signature-256', 'sha256=' || sign('{"zen": "x"}'))),
    ('shopify', 's3cret', '{}', NULL,
        jsonb_build_object('x-shopify-hmac-sha256', encode(hmac('{}', 's3cret', 'sha256'), 'base64')));
INSERT INTO sent SELECT 'stripe', 's3cret', '{}', NULL,
    jsonb_build_object('Stripe-Signature', format('t=%s,v1=%s,v1=%s,v0=x', t, repeat('0', 64), sign(t || '.{}')))
  FROM (SELECT floor(extract(epoch FROM now()))::bigint) c (t);
INSERT INTO sent SELECT 'slack', 's3cret', 'a=b', NULL,
    jsonb_build_object('x-slack-request-timestamp', t::text, 'x-slack-signature', 'v0=' || sign(format('v0:%s:a=b', t)))
  FROM (SELECT floor(extract(epoch FROM now()))::bigint) c (t);
INSERT INTO sent SELECT s, 'whsec_c2VjcmV0', '{}', NULL, jsonb_build_object(p || '-id', 'msg_1', p || '-timestamp', t::text,
       p || '-signature', 'v1,AAAA v1,' || encode(hmac(format('msg_1.%s.{}', t), 'secret', 'sha256'), 'base64'))
  FROM (SELECT floor(extract(epoch FROM now()))::bigint) c (t),
    (VALUES ('standard-webhooks', 'webhook'), ('svix', 'svix')) v (s, p);
CREATE FUNCTION verifies(s sent, body text, headers jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('COPY (SELECT %L) TO %L', s.secret, current_setting('data_directory') || '/helix_secret_' || md5(s.secret));
    RETURN helix.verify_webhook_signature(body::bytea, s.signature, 'file://' || current_setting('data_directory')
        || '/helix_secret_' || md5(s.secret), s.scheme, headers);
END $$;
SELECT s.scheme, verifies(s, body, headers) AS as_sent, verifies(s, body || ' ', headers) AS other_body,
       verifies(s, body,
           (SELECT jsonb_object_agg(key, CASE WHEN key LIKE '%timestamp' THEN (value::bigint - 301)::text ELSE value END)
               FROM jsonb_each_text(headers))) AS other_time
  FROM sent s ORDER BY 1;
SELECT refusal($$SELECT helix.verify_webhook_signature('x', 'y', 'env://HELIX_SECRET_X', 'no-such-scheme')$$);
SELECT refusal($$SELECT helix.verify_webhook_signature('x', 'y', 'the secret itself')$$);
SELECT refusal($$SELECT helix.verify_webhook_signature(NULL, 'y', 'env://HELIX_SECRET_X')$$);
SELECT refusal($$SELECT helix.verify_webhook_signature('x', 'y', 'env://HELIX_SECRET_X', p_headers => '[]')$$);
SELECT refusal(format('SELECT helix.verify_webhook_signature(%L, %L, %L)', 'x', 'y', 'file://' || current_setting('data_directory')
    || '/no_such_file'));

-- A scheme of one's own; what could never verify is refused.
INSERT INTO helix.webhook_schemes (name, algorithm, signature_header, prefix, timestamp_header, signed_content)
    VALUES ('mine', 'sha512', 'x-mine', 'sig=', 'x-time', '{timestamp}|{body}');
SELECT helix.verify_webhook_signature('body', NULL, :'secret', 'mine',
    jsonb_build_object('X-Time', t::text, 'X-Mine', 'sig=' || encode(hmac(t || '|body', 's3cret', 'sha512'), 'hex')))
  FROM (SELECT floor(extract(epoch FROM now()))::bigint) c (t);
SELECT refusal($$UPDATE helix.webhook_schemes SET signed_content = '{timestamp}' WHERE name = 'mine'$$);
SELECT refusal($$UPDATE helix.webhook_schemes SET signed_content = '{body}' WHERE name = 'mine'$$);
SELECT refusal($$UPDATE helix.webhook_schemes SET timestamp_prefix = 't=' WHERE name = 'mine'$$);
SELECT refusal($$UPDATE helix.webhook_schemes SET id_header = 'x-id' WHERE name = 'mine'$$);
SELECT refusal($$UPDATE helix.webhook_schemes SET separator = 'a' WHERE name = 'mine'$$);
SELECT refusal($$UPDATE helix.webhook_schemes SET separator = ',', prefix = 'v1,' WHERE name = 'mine'$$);
SELECT refusal($$UPDATE helix.webhook_schemes SET prefix = ' sig' WHERE name = 'mine'$$);
SELECT split_part(refusal($$UPDATE helix.webhook_schemes SET algorithm = 'md5' WHERE name = 'mine'$$), ' | ', 1);
SELECT change, refusal(format('UPDATE helix.webhook_schemes SET %s WHERE name = ''mine''', change)) AS refusal
  FROM unnest(ARRAY['signature_path = ''a.b''', 'signature_header = NULL', 'timestamp_path = ''a''', 'id_path = ''a..b''',
      'algorithm = ''token''', 'algorithm = ''token'', encoding = ''raw''', 'encoding = ''raw''', 'signed_content = ''{url}''',
      'delivery_header = ''x-id'', delivery_path = ''id''', 'kept_headers = ''{X-Topic}''', 'kept_headers = ''{x-mine}''',
      'kept_headers = ''{authorization}''', 'kept_headers = array_fill(''x''::text, ''{17}'')', 'challenge_reply = ''{}''',
      'challenge_in = ''query'', challenge_field = ''a'', challenge_value = ''b'', challenge_reply = ''{}''',
      'challenge_in = ''body'', challenge_field = ''a'', challenge_value = ''b'', challenge_reply = ''{"a": {token}''',
      'challenge_in = ''body'', challenge_field = ''a'', challenge_value = ''b'', challenge_reply = ''{"a": {token}'', '
          'challenge_token = ''c''',
      'challenge_in = ''query'', challenge_field = ''a'', challenge_value = ''b'', challenge_reply = ''{hmac}'', '
          'challenge_token = ''c'', challenge_verify = ''d'', challenge_reply_type = ''text''']) change;

-- A schedule with a webhook.
SELECT refusal(format('INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref) '
    'VALUES (%L, ''email-compose'', ''webhook'', ''s3cret'')', :'ann'));
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, webhook_secret_ref)
    VALUES (:'id', :'ann', 'email-compose', 'webhook', :'secret');
SELECT call(:'id', '{"test": "data"}', sign('{"test": "data"}'));
SELECT call(:'id', '{"test": "data"}', sign('{"test": "data"}'));          -- the same again
SELECT call(:'id', '{"test":"data"}', sign('{"test":"data"}'));            -- other bytes
SELECT call(:'id', 'no json', sign('no json'), '{"X-Any": "header"}');
SELECT call(:'id', '{"u": "\u0000"}', sign('{"u": "\u0000"}'));            -- JSON that jsonb cannot hold
SELECT call(:'id', '{"from": "headers"}', NULL, jsonb_build_object('x-webhook-signature', sign('{"from": "headers"}')));
SELECT call(:'id', '{"test": "data"}', sign('{"test": "data"}', 'guess'));
SELECT call(:'id', '{"test": "data"}', 'ünïcödé signature of more than twenty characters');
SELECT call(:'id', '{"test": "data"}', NULL);
SELECT call(:'id', '', sign(''));
SELECT call(:'id', NULL, 'x');
SELECT call(NULL, 'x', 'x');
SELECT call(:'id', 'x', 'x', '["no object"]');
SELECT call(:'id', repeat('x', 1048577), sign(repeat('x', 1048577)));
SELECT call(:'id', repeat('x', 1048576), sign(repeat('x', 1048576)));
SELECT call('3eb00000-0000-4000-8000-00000000dead', '{"test": "data"}', sign('{"test": "data"}'));
SELECT event_type, signature, CASE WHEN body_size < 1000 THEN payload END AS payload, body_size, signature_verified,
       signature_error, processed, duplicate,
       execution_id IS NOT NULL AS queued, user_id IS NULL AS unknown FROM helix.webhook_events ORDER BY created_at, id;
SELECT q.triggered_by, q.user_id = :'ann' AS anns, q.operation_id, left(q.payload::text, 30) AS payload, e.id IS NOT NULL AS logged
  FROM helix_internal.queue q LEFT JOIN helix.webhook_events e ON e.execution_id = q.id
 WHERE q.schedule_id = :'id' ORDER BY q.created_at;
SELECT execution_count FROM helix.operation_schedules WHERE id = :'id';

-- A signed id decides what has been delivered, whatever the body; times have to be within the schedule's window.
COPY (SELECT 'whsec_c2VjcmV0') TO :'next_file';
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_scheme, webhook_secret_ref, webhook_max_age,
    webhook_max_ahead)
    VALUES (:'ann', 'email-compose', 'webhook', 'standard-webhooks', :'next', '20 seconds', '0') RETURNING id AS standard \gset
CREATE FUNCTION standard_headers(id text, age integer, body text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('webhook-id', id, 'webhook-timestamp', t::text,
        'webhook-signature', 'v1,' || encode(hmac(format('%s.%s.%s', id, t, body), 'secret', 'sha256'), 'base64'))
      FROM (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint - age) c (t) $$;
SELECT id, body, age, replace(call(:'standard', body, NULL, standard_headers(id, age, body)), :'standard', '<id>') AS answer
  FROM (VALUES (1, 'a', '{"n": 1}', 0), (2, 'a', '{"n": 1}', 3), (3, 'a', '{"n": 2}', 0), (4, 'b', '{"n": 1}', 0),
      (5, 'c', '{}', 30), (6, 'c', '{}', -30),
               (7, 'c', '{}', 10), (8, 'c.1', '{}', 0)) v (n, id, body, age) ORDER BY n;
SELECT count(*), count(DISTINCT e.signed_id) FROM helix_internal.webhook_events e
 WHERE schedule_id = :'standard' AND execution_id IS NOT NULL;
SELECT helix.replay_webhook_event(id) IS NOT NULL AS replayed FROM helix.webhook_events
 WHERE schedule_id = :'standard' AND execution_id IS NOT NULL ORDER BY created_at LIMIT 1;
UPDATE helix.operation_schedules SET webhook_max_age = '90 minutes' WHERE id = :'standard';
SELECT age, replace(call(:'standard', '{}', NULL, standard_headers(id, age, '{}')), :'standard', '<id>') AS answer
  FROM (VALUES (1, 'd', 5000), (2, 'e', 5800)) v (n, id, age) ORDER BY n;
DELETE FROM helix.operation_schedules WHERE id = :'standard';
COPY (SELECT 'n3xt') TO :'next_file';

-- What a sender documents as a delivery is one: a header together with the body, or a field of the body alone.
CREATE FUNCTION call_by(scheme text, body text, headers jsonb, key text DEFAULT 's3cret', url text DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE schedule uuid;
BEGIN
    SELECT s.id INTO schedule FROM helix.operation_schedules s WHERE s.webhook_scheme = scheme;
    IF schedule IS NULL THEN
        EXECUTE format('COPY (SELECT %L) TO %L', key, current_setting('data_directory') || '/helix_secret_' || scheme);
        schedule := gen_random_uuid();
        INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, webhook_scheme, webhook_secret_ref,
            webhook_url)
            VALUES (schedule, 'a1100000-0000-0000-0000-000000000001', 'email-compose', 'webhook', scheme,
                'file://' || current_setting('data_directory') || '/helix_secret_' || scheme, url);
    END IF;
    RETURN replace(call(schedule, body, NULL, headers), schedule::text, '<id>');
END $$;
CREATE FUNCTION shopify(body text, topic text, id text) RETURNS text LANGUAGE sql AS $$
    SELECT call_by('shopify', body, jsonb_build_object('X-Shopify-Hmac-Sha256', encode(hmac(body, 's3cret', 'sha256'), 'base64'),
        'X-Shopify-Topic', topic, 'X-Shopify-Webhook-Id', id, 'X-Shopify-Shop-Domain', repeat('x', 1001), 'Authorization', 'x')) $$;
SELECT n, shopify('{"id": 1}', topic, id) AS answer
  FROM (VALUES (1, 'orders/create', 'a'), (2, 'orders/paid', 'b'), (3, 'orders/paid', 'b'), (4, 'orders/paid', NULL),
      (5, 'orders/paid', NULL)) v (n, topic, id) ORDER BY n;
SELECT shopify('{"id": 2}', 'orders/create', 'a'); -- the same id with another body
CREATE FUNCTION stripe(body text) RETURNS text LANGUAGE sql AS $$
    SELECT call_by('stripe', body, jsonb_build_object('Stripe-Signature', format('t=%s,v1=%s', t, sign(t || '.' || body))))
      FROM (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint) c (t) $$;
SELECT n, stripe(body) AS answer
  FROM (VALUES (1, '{"id": "evt_1", "pending_webhooks": 2}'), (2, '{"id": "evt_1", "pending_webhooks": 1}'),
      (3, '{"id": "evt_2", "pending_webhooks": 1}'), (4, 'no json')) v (n, body) ORDER BY n;

-- Headers that the scheme keeps are in the event, in the queue, and in what a replay queues. Values that are too long are not.
SELECT e.payload, e.headers, q.headers = e.headers AS queued
  FROM helix.webhook_events e JOIN helix_internal.queue q ON q.id = e.execution_id
 WHERE e.headers ->> 'x-shopify-topic' IS NOT NULL ORDER BY e.created_at;
SELECT helix.replay_webhook_event(id) AS replayed FROM helix.webhook_events
 WHERE headers ->> 'x-shopify-topic' = 'orders/create' AND payload ->> 'id' = '1' \gset
SELECT e.headers, q.headers = e.headers AS queued FROM helix.webhook_events e JOIN helix_internal.queue q ON q.id = e.execution_id
 WHERE e.id = :'replayed';
SELECT c.headers ->> 'x-shopify-topic' AS topic, count(*) FROM helix.claim_executions('w', 1000) c
 WHERE c.headers ->> 'x-shopify-topic' IS NOT NULL GROUP BY 1 ORDER BY 1;

-- Senders that sign otherwise: each by its own rules, and with what it sends.
SELECT refusal(format($$INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_scheme)
    VALUES (%L, 'email-compose', 'webhook', 'twilio')$$, :'ann'));
SELECT n, call_by('twilio', body, '{"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}', '12345',
        'https://mycompany.com/myapp.php?foo=1&bar=2') AS answer
  FROM (VALUES (1, 'Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE'),
      (2, 'Digits=1235&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE')) v (n, body)
 ORDER BY n;
SELECT refusal($$UPDATE helix.operation_schedules SET webhook_url = NULL WHERE webhook_scheme = 'twilio'$$);
SELECT helix.replay_webhook_event(e.id) IS NOT NULL AS replayed FROM helix.webhook_events e
  JOIN helix.operation_schedules s ON s.id = e.schedule_id
 WHERE s.webhook_scheme = 'twilio' AND e.execution_id IS NOT NULL;
SELECT n, call_by('gitlab', '{"object_kind": "push"}', jsonb_build_object('X-Gitlab-Token', token, 'Idempotency-Key', key,
        'X-Gitlab-Event', 'Push Hook'), 'a token') AS answer
  FROM (VALUES (1, 'a token', 'k1'), (2, 'a token', 'k1'), (3, 'a token', 'k2'), (4, 'a toke', 'k3')) v (n, token, key) ORDER BY n;
SELECT e.event_type, e.signature, e.headers FROM helix.webhook_events e JOIN helix.operation_schedules s ON s.id = e.schedule_id
 WHERE s.webhook_scheme = 'gitlab' ORDER BY e.created_at;
SELECT n, call_by('mailgun', format('{"signature": {"timestamp": "%s", "token": "%s", "signature": "%s"}, "event": "%s"}',
        t, token, encode(hmac(t || token, 's3cret', 'sha256'), 'hex'), event), NULL) AS answer
  FROM (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint) c (t),
      (VALUES (1, 'token1', 'a'), (2, 'token1', 'b'), (3, 'token2', 'a')) v (n, token, event) ORDER BY n;
SELECT n, call_by('hubspot', body, jsonb_build_object('X-HubSpot-Request-Timestamp', t::text, 'X-HubSpot-Signature-v3',
        encode(hmac('POSThttps://example.com/hook' || body || t, 's3cret', 'sha256'), 'base64')), url => 'https://example.com/hook')
        AS answer
  FROM (VALUES (1, '[{"eventId": 1}]', 0), (2, '[{"eventId": 2}]', 301000)) v (n, body, age),
      LATERAL (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - age) c (t) ORDER BY n;
SELECT n, call_by('workos', body, jsonb_build_object('WorkOS-Signature',
        format('t=%s, v1=%s', t, sign(t || '.' || body)))) AS answer
  FROM (VALUES (1, '{"id": "event_1"}', 0), (2, '{"id": "event_1", "again": true}', 0), (3, '{"id": "event_2"}', 301000))
      v (n, body, age), LATERAL (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - age) c (t) ORDER BY n;
SELECT helix.verify_webhook_signature('Digits=1&CallSid=CA1',
    encode(hmac('https://example.com/CallSidCA1Digits1', 's3cret', 'sha1'), 'base64'), :'secret', 'twilio',
    p_url => 'https://example.com/');
-- Ed25519, by a key pair of openssl's; the scheme has no timestamp, since the example's time has passed.
INSERT INTO helix.webhook_schemes (name, algorithm, signature_header, key_encoding, challenge_in, challenge_field, challenge_value,
    challenge_reply) VALUES ('mine-ed25519', 'ed25519', 'x-mine', 'hex', 'body', 'type', '0', '{"type": 0}');
SELECT n, call_by('mine-ed25519', body, jsonb_build_object('x-mine',
            '06330a8c71a1e782a3f3b44b1a3d96adbbac1d17413f842b08177b0543d2bab4'
            '6e2541ffe2ac59a2e7bd8af18655698f1a9924495bbcebe004ed0e0f9cbe8f09'),
        '9c99e111cfb8993c153eaa152bf00f563a87d25054fdc757a1b4673a2cc6d227') AS answer
  FROM (VALUES (1, '{"type": 1}'), (2, '{"type": 1}'), (3, '{"type": 2}')) v (n, body) ORDER BY n;
SELECT helix.replay_webhook_event(e.id) IS NOT NULL AS replayed FROM helix.webhook_events e
  JOIN helix.operation_schedules s ON s.id = e.schedule_id
 WHERE s.webhook_scheme = 'mine-ed25519' AND e.execution_id IS NOT NULL;

-- Challenges: answered once their signature is right, and never queued.
CREATE FUNCTION signed_v0(scheme text, header text, body text, key text DEFAULT 's3cret') RETURNS text LANGUAGE sql AS $$
    SELECT call_by(scheme, body, jsonb_build_object(header || '-request-timestamp', t::text, header || '-signature',
        'v0=' || sign(format('v0:%s:%s', t, body), key)))
      FROM (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint) c (t) $$;
SELECT n, signed_v0('slack', 'x-slack', body, key) AS answer
  FROM (VALUES (1, '{"type": "url_verification", "challenge": "a\u0022b"}', 's3cret'),
      (2, '{"type": "url_verification", "challenge": "ab"}', 'guess'), (3, '{"type": "url_verification"}', 's3cret'),
      (4, '{"type": "event_callback", "event_id": "Ev1"}', 's3cret'),
      (5, '{"type": "event_callback", "event_id": "Ev1", "retry": 1}', 's3cret')) v (n, body, key) ORDER BY n;
SELECT signed_v0('zoom', 'x-zm', '{"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}')
    = '200 ' || jsonb_build_object('plainToken', 'qgg8vlvZRS6UYooatFL8Aw', 'encryptedToken',
        sign('qgg8vlvZRS6UYooatFL8Aw'))::text AS zoom;
SELECT e.event_type, e.payload, e.signature_verified, e.challenge, e.signature_error, e.execution_id IS NOT NULL AS queued
  FROM helix.webhook_events e JOIN helix.operation_schedules s ON s.id = e.schedule_id
 WHERE s.webhook_scheme IN ('slack', 'zoom') ORDER BY e.created_at;
-- By a GET, for whoever has the verify token.
SELECT call_by('meta', '{}', jsonb_build_object('x-hub-signature-256', 'sha256=' || sign('{}')));
SELECT id AS meta FROM helix.operation_schedules WHERE webhook_scheme = 'meta' \gset
SELECT id AS slack FROM helix.operation_schedules WHERE webhook_scheme = 'slack' \gset
SELECT helix.webhook_verify_token(:'meta') = sign('verify token of webhook ' || :'meta') AS token;
CREATE FUNCTION ask(schedule uuid, query text, method text DEFAULT 'GET') RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    PERFORM set_config('response.status', '', true);
    answer := helix.webhook_trigger(schedule, NULL, NULL, jsonb_build_object('X-Webhook-Method', method, 'X-Webhook-Query', query));
    RETURN current_setting('response.status') || ' ' || answer;
END $$;
SELECT n, ask(schedule, replace(query, '<token>', helix.webhook_verify_token(:'meta')), method) AS answer
  FROM (VALUES (1, :'meta'::uuid, 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=<token>', 'GET'),
      (2, :'meta', 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=guess', 'GET'),
      (3, :'meta', 'hub.mode=subscribe&hub.verify_token=<token>', 'GET'), (4, :'meta', 'hub.mode=other', 'GET'),
      (5, :'slack', 'type=url_verification', 'GET'), (6, '3eb00000-0000-4000-8000-00000000dead', 'hub.mode=subscribe', 'GET'),
      (7, :'meta', 'hub.mode=subscribe&hub.challenge=1&hub.verify_token=<token>', 'PUT'),
      (8, :'meta', 'hub.mode=subscribe&hub.challenge=0%22x&hub.verify_token=<token>', 'GET')) v (n, schedule, query, method)
 ORDER BY n;
SELECT refusal('SELECT helix.webhook_verify_token(gen_random_uuid())') LIKE '42704 | unknown schedule%' AS unknown;

-- A body that is no text, as base64.
SELECT helix.webhook_trigger(s.id, NULL, encode(hmac('\x00ff'::bytea, 's3cret'::bytea, 'sha256'), 'hex'), NULL, 'AP8=')
           ->> 'message' AS bytes,
       helix.webhook_trigger(s.id, NULL, 'x', NULL, 'AP8') ->> 'error' AS no_base64,
       helix.webhook_trigger(s.id, 'x', 'x', NULL, 'AP8=') ->> 'error' AS both
  FROM helix.operation_schedules s WHERE s.id = :'id';
SELECT payload FROM helix.webhook_events WHERE payload ? 'base64';

-- Deliveries go with their schedule.
SELECT count(*) > 10 AS some FROM helix_internal.webhook_deliveries d WHERE d.schedule_id IN (
    SELECT s.id FROM helix.operation_schedules s WHERE s.webhook_scheme <> 'hmac-sha256-hex');
DELETE FROM helix.operation_schedules WHERE webhook_scheme <> 'hmac-sha256-hex';
SELECT count(*) AS left_over FROM helix_internal.webhook_deliveries d WHERE NOT EXISTS (
    SELECT FROM helix.operation_schedules s WHERE s.id = d.schedule_id);
DELETE FROM helix.webhook_schemes WHERE name = 'mine-ed25519';
DROP FUNCTION ask, signed_v0, stripe, shopify, call_by;

-- A schedule that is disabled, of another type, or without a secret.
UPDATE helix.operation_schedules SET enabled = false WHERE id = :'id';
SELECT call(:'id', 'disabled', sign('disabled'));
UPDATE helix.operation_schedules SET enabled = true, schedule_type = 'manual' WHERE id = :'id';
SELECT call(:'id', 'manual', sign('manual'));
UPDATE helix.operation_schedules SET schedule_type = 'webhook', webhook_secret_ref = :'missing' WHERE id = :'id';
SELECT call(:'id', 'no secret', sign('no secret'));
UPDATE helix.operation_schedules SET webhook_secret_ref = :'secret' WHERE id = :'id';
SELECT event_type, replace(signature_error, current_setting('data_directory'), '<data>') AS error
  FROM helix.webhook_events ORDER BY created_at DESC, id DESC LIMIT 3;
SELECT call(:'id', 'disabled', sign('disabled')); -- was refused then, is taken now

-- The raw form: PostgREST sets the request's settings.
SELECT set_config('request.headers', jsonb_build_object('x-schedule-id', :'id', 'x-webhook-signature', sign('{"raw" : 1}'))::text,
    false) IS NOT NULL;
SELECT helix.webhook_receive('{"raw" : 1}'::bytea)->>'accepted' AS accepted;
SELECT helix.webhook_receive('{"raw" : 1}'::json)->>'duplicate' AS duplicate;
SELECT helix.webhook_receive('{"raw": 1}'::json);
SET request.method = 'GET';
SELECT helix.webhook_receive('{"raw" : 1}'::json);
SET request.method = 'POST';
SET request.headers = '{"x-schedule-id": "test-123"}';
SELECT helix.webhook_receive('x'::bytea);
SET request.headers = 'broken';
SELECT helix.webhook_receive('x'::bytea);
RESET request.headers;
SELECT helix.webhook_receive('x'::bytea);
SELECT helix_internal.webhook_payload('\x00ff'), helix_internal.webhook_payload('"s"'), helix_internal.webhook_payload('1e400000');

-- Limits: n at once, then 429. Calls that don't verify have a limit of their own.
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref, webhook_rate_limit)
    VALUES (:'ann', 'email-compose', 'webhook', :'secret', 3) RETURNING id AS limited \gset
SELECT split_part(call(:'limited', 'limited ' || n, sign('limited ' || n)), ' ', 1) FROM generate_series(1, 5) n;
BEGIN;
SELECT split_part(call(:'limited', 'limited 4', sign('limited 4')), ' ', 1);
SELECT (current_setting('response.headers')::jsonb->0->>'Retry-After')::int BETWEEN 15 AND 20 AS retry_after;
COMMIT;
SELECT event_type, signature_error, count(*) FROM helix.webhook_events WHERE schedule_id = :'limited' GROUP BY 1, 2 ORDER BY 1, 2;
UPDATE helix.operation_schedules SET webhook_rate_limit = NULL WHERE id = :'limited';
SELECT call(:'limited', 'limited 4', sign('limited 4')) LIKE '202 {"message": "queued"%'; -- what was refused is no duplicate
DELETE FROM helix.operation_schedules WHERE id = :'limited';
-- Forged calls of a known schedule, until they are refused unread, take nothing from its sender.
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref, webhook_rate_limit)
    VALUES (:'ann', 'email-compose', 'webhook', :'secret', 2) RETURNING id AS flooded \gset
SELECT split_part(call(:'flooded', 'forged ' || n, sign('forged ' || n, 'guess')), ' ', 1) AS status, count(*) > 30 AS many
  FROM generate_series(1, 120) n GROUP BY 1 ORDER BY 1;
SELECT call(:'flooded', 'from its sender', sign('from its sender')) LIKE '202 {"message": "queued"%' AS taken;
SELECT split_part(call(:'flooded', 'again from its sender', sign('again from its sender')), ' ', 1) AS taken;
DELETE FROM helix.operation_schedules WHERE id = :'flooded';
SELECT split_part(call('3eb00000-0000-4000-8000-00000000dead', 'x', 'x'), ' ', 1) AS status, count(*) > 30 AS many
  FROM generate_series(1, 100) GROUP BY 1 ORDER BY 1;
SELECT call(:'id', 'others are not limited', sign('others are not limited'));

-- Rotation: both secrets verify for a while. Each change leaves a row.
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'id', 'n3xt'));
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'id', :'missing'));
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'id', 'file:///etc/passwd'));
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'id', :'secret'));
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L, ''31 days'')', :'id', :'next'));
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L, ''1000 months -30000 days'')', :'id', :'next'));
SELECT refusal(format('SELECT helix.rotate_webhook_secret(gen_random_uuid(), %L)', :'next')) LIKE '42704 | unknown schedule%';
SELECT helix.rotate_webhook_secret(:'id', :'next', p_reason => 'yearly');
SELECT previous_secret_ref = :'secret' AS kept, previous_secret_until BETWEEN now() + '59 min' AND now() + '61 min' AS for_an_hour
  FROM helix.operation_schedules WHERE id = :'id';
SELECT call(:'id', 'old secret', sign('old secret')), call(:'id', 'new secret', sign('new secret', 'n3xt'));
SELECT id AS event FROM helix.webhook_events WHERE payload = '"old secret"' \gset
SELECT helix.replay_webhook_event(:'event') AS replayed \gset
SELECT payload, replay_of = :'event' AS of_it, replayed_by, duplicate, execution_id IS NOT NULL AS queued FROM helix.webhook_events
 WHERE id = :'replayed';
SELECT helix.revoke_webhook_secret(:'id', 'file:///another');
SELECT helix.revoke_webhook_secret(:'id', :'secret', 'leaked');
SELECT call(:'id', 'old secret 2', sign('old secret 2')), call(:'id', 'new secret 2', sign('new secret 2', 'n3xt'));
SELECT replace(refusal(format('SELECT helix.replay_webhook_event(%L)', :'event')), :'event', '<event>');
SELECT replace(refusal(format('SELECT helix.replay_webhook_event(%L)', id)), id::text, '<event>') FROM helix.webhook_events
 WHERE event_type = 'signature_failed' ORDER BY created_at LIMIT 1;
SELECT refusal('SELECT helix.replay_webhook_event(gen_random_uuid())') LIKE '42704 | unknown webhook event%';
SELECT helix.revoke_webhook_secret(:'id');
SELECT call(:'id', 'no secret at all', sign('no secret at all', 'n3xt'));
SELECT action, replace(secret_ref, current_setting('data_directory'), '<data>') AS secret_ref, old_hash, new_hash, reason
  FROM helix.webhook_secret_audits WHERE schedule_id = :'id' ORDER BY id;

-- A third secret during the overlap ends the first; so does the schedule's end for all. Only what verified until then has a row.
UPDATE helix.operation_schedules SET webhook_secret_ref = :'secret' WHERE id = :'id';
SELECT helix.rotate_webhook_secret(:'id', :'next', '0');
SELECT call(:'id', 'too late', sign('too late')) AS after_the_overlap;
SELECT helix.rotate_webhook_secret(:'id', :'secret', '1 hour', 'second');
COPY (SELECT 'th1rd') TO :'third_file';
SELECT helix.rotate_webhook_secret(:'id', 'file://' || :'third_file', '1 hour', 'third');
SELECT helix.rotate_webhook_secret(:'id', :'secret', '1 hour', 'back');
DELETE FROM helix.operation_schedules WHERE id = :'id';
SELECT action, regexp_replace(secret_ref, '.*/', '') AS secret_ref, old_hash IS NOT NULL AS old, new_hash IS NOT NULL AS new, reason
  FROM helix.webhook_secret_audits WHERE schedule_id = :'id' ORDER BY id DESC LIMIT 9;

-- A user learns nothing of the secrets of others: unknown, forbidden, no reference, or not as the scheme wants it is one answer.
CREATE ROLE regress_hook_user;
CREATE ROLE regress_hook_service;
SELECT helix.grant_api_access('regress_hook_user', 'regress_hook_service');
GRANT pg_read_all_settings TO regress_hook_user; -- for refusal()
COPY (SELECT 'no base64!') TO :'third_file';
SELECT id AS anns FROM helix.webhook_events WHERE user_id = :'ann' ORDER BY id LIMIT 1 \gset
SET request.jwt.claims = '{"sub": "a1100000-0000-0000-0000-000000000001", "role": "authenticated"}';
SET ROLE regress_hook_user;
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_scheme, webhook_secret_ref)
    VALUES (:'ann', 'email-compose', 'webhook', 'standard-webhooks', :'missing') RETURNING id AS own \gset
SELECT DISTINCT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'own', r))
  FROM unnest(ARRAY['file://' || :'third_file', :'missing' || '2', 'file:///etc/passwd', 'env://PATH', 'op://a/b/c', 'vault://x',
      'the secret itself']) r;
SET request.jwt.claims = '{"sub": "b0b00000-0000-0000-0000-000000000002", "role": "authenticated"}';
SELECT replace(refusal(format('SELECT helix.replay_webhook_event(%L)', :'anns')), :'anns', '<event>') AS of_another;
SET request.jwt.claims = '{"sub": "a1100000-0000-0000-0000-000000000001", "role": "authenticated"}';
RESET ROLE;
COPY (SELECT 'bm90IGEgc2VjcmV0') TO :'third_file';
-- helix.user_secrets says which are: here those with the user's id in their name.
ALTER SYSTEM SET helix.user_secrets = 'vault://none, file:///*/{user}*';
SELECT pg_reload_conf();
SELECT count(pg_sleep(0.1)) * 0 AS waited FROM (SELECT WHERE current_setting('helix.user_secrets') = '') s;
SELECT count(pg_sleep(1)) * 0 AS waited FROM (SELECT WHERE current_setting('helix.user_secrets') = '') s;
SELECT count(pg_sleep(9)) * 0 AS waited FROM (SELECT WHERE current_setting('helix.user_secrets') = '') s;
\set anns_file :folder /a1100000-0000-0000-0000-000000000001.key
COPY (SELECT 'bm90IGEgc2VjcmV0') TO :'anns_file';
SET ROLE regress_hook_user;
SELECT DISTINCT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'own', r))
  FROM unnest(ARRAY['file://' || :'third_file', :'missing' || '2', 'file://' || :'anns_file' || '2']) r;
SELECT helix.rotate_webhook_secret(:'own', 'file://' || :'anns_file');
SELECT refusal(format('UPDATE helix.operation_schedules SET webhook_secret_ref = %L', 'file://' || :'third_file'));
SELECT refusal(format('INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref) '
    'VALUES (%L, ''email-compose'', ''webhook'', %L)',
    :'ann', 'file://' || :'third_file'));
RESET ROLE;
-- A service role may have any that the sources allow.
SET ROLE regress_hook_service;
SET request.jwt.claims = '{"role": "service_role"}';
SELECT helix.rotate_webhook_secret(:'own', 'file://' || :'third_file');
RESET ROLE;
RESET request.jwt.claims;
ALTER SYSTEM RESET helix.user_secrets;
DELETE FROM helix.operation_schedules WHERE id = :'own';
DROP OWNED BY regress_hook_user, regress_hook_service;
DROP ROLE regress_hook_user, regress_hook_service;

-- Keys of some schemes are written in base64: rotation refuses one that cannot be read, which does no harm during an overlap.
COPY (SELECT 'bm90IGEgc2VjcmV0') TO :'third_file';
COPY (SELECT '!') TO :'next_file';
INSERT INTO helix.operation_schedules (id, user_id, operation_id, schedule_type, webhook_scheme, webhook_secret_ref)
    VALUES (:'id', :'ann', 'email-compose', 'webhook', 'standard-webhooks', 'file://' || :'third_file');
SELECT refusal(format('SELECT helix.rotate_webhook_secret(%L, %L)', :'id', :'next'));
UPDATE helix_internal.operation_schedules SET previous_secret_ref = :'next', previous_secret_until = now() + '1 hour'
 WHERE id = :'id';
CREATE FUNCTION standard_call(schedule uuid, n text) RETURNS text LANGUAGE sql AS $$
    SELECT call(schedule, '{}', 'v1,' || encode(hmac(n || '.' || t || '.{}', 'not a secret', 'sha256'), 'base64'),
        jsonb_build_object('webhook-id', n, 'webhook-timestamp', t))
      FROM (SELECT extract(epoch FROM date_trunc('second', now()))::bigint::text) c (t) $$;
SELECT standard_call(:'id', 'one');
UPDATE helix_internal.operation_schedules SET previous_secret_ref = webhook_secret_ref, webhook_secret_ref = :'next'
 WHERE id = :'id';
SELECT standard_call(:'id', 'two');
UPDATE helix_internal.operation_schedules SET previous_secret_until = now() WHERE id = :'id';
SELECT standard_call(:'id', 'three');
UPDATE helix.operation_schedules SET schedule_type = 'manual', webhook_secret_ref = NULL WHERE id = :'id';
SELECT standard_call(:'id', 'four');
-- Reasons are cut between characters.
UPDATE helix.operation_schedules SET schedule_type = 'webhook' WHERE id = :'id';
DO $$ BEGIN
    FOR n IN 1 .. 3 LOOP
        UPDATE helix_internal.operation_schedules
           SET webhook_secret_ref = 'file://' || current_setting('helix.secret_folder') || '/' || repeat('x', n) || repeat('€', 80)
           || '/' || repeat('€', 20);
        PERFORM standard_call('3eb00000-0000-4000-8000-000000000001', 'cut');
    END LOOP;
END $$;
SELECT count(convert_from(convert_to(signature_error, 'UTF8'), 'UTF8')),
    min(octet_length(signature_error)) BETWEEN 250 AND 299 AS cut
  FROM helix.webhook_events WHERE signature_error ~ '€… \[\d+ bytes\]$';

DELETE FROM helix.operation_schedules WHERE id = :'id';
DELETE FROM helix.webhook_schemes WHERE name = 'mine';
DROP TABLE sent CASCADE;
DROP FUNCTION sign(text, text), standard_call, standard_headers, call, refusal;
DROP EXTENSION pgcrypto;
ALTER SYSTEM RESET helix.secret_folder;
SELECT pg_reload_conf();
