-- How senders sign webhooks. A new sender is a new row. It comes before the queue, since schedules refer to it.
CREATE FUNCTION helix_internal.check_webhook_scheme() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_webhook_scheme';
COMMENT ON FUNCTION helix_internal.check_webhook_scheme() IS
    'Before insert or update of a scheme: refuses (22023) what could never verify anything';

CREATE TABLE helix.webhook_schemes (
    name             text    PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    description      text    NOT NULL DEFAULT '',
    algorithm        text    NOT NULL DEFAULT 'sha256' CHECK (algorithm IN ('sha1', 'sha256', 'sha512', 'ed25519', 'token')),
    encoding         text    NOT NULL DEFAULT 'hex' CHECK (encoding IN ('hex', 'base64', 'raw')),
    signature_header text    DEFAULT 'x-webhook-signature' CHECK (signature_header ~ '^[a-z0-9-]+$'),
    signature_path   text,
    separator        text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(separator) <= 8),
    prefix           text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(prefix) <= 64),
    timestamp_header text    CHECK (timestamp_header ~ '^[a-z0-9-]+$'),
    timestamp_path   text,
    timestamp_prefix text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(timestamp_prefix) <= 64),
    timestamp_unit   text    NOT NULL DEFAULT 's' CHECK (timestamp_unit IN ('s', 'ms')),
    id_header        text    CHECK (id_header ~ '^[a-z0-9-]+$'),
    id_path          text,
    signed_content   text    NOT NULL DEFAULT '{body}' CHECK (pg_catalog.length(signed_content) <= 200),
    key_prefix       text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(key_prefix) <= 64),
    key_encoding     text    NOT NULL DEFAULT 'raw' CHECK (key_encoding IN ('raw', 'hex', 'base64')),
    delivery_header  text    CHECK (delivery_header ~ '^[a-z0-9-]+$'),
    delivery_path    text,
    kept_headers     text[]  NOT NULL DEFAULT '{}',
    challenge_in     text    CHECK (challenge_in IN ('body', 'query')),
    challenge_field  text,
    challenge_value  text,
    challenge_token  text,
    challenge_verify text,
    challenge_reply  text,
    challenge_reply_type text NOT NULL DEFAULT 'json' CHECK (challenge_reply_type IN ('json', 'text')),
    challenge_status smallint NOT NULL DEFAULT 200 CHECK (challenge_status BETWEEN 200 AND 299),
    shipped          boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE helix.webhook_schemes IS
    'How senders sign webhooks, what identifies a delivery, which headers are kept, and how challenges are answered. Header names '
    'are in lower case. A …_path names a field of a body of JSON, with dots: payload.token.';
COMMENT ON COLUMN helix.webhook_schemes.algorithm IS
    'An HMAC by a hash; ed25519, where the secret is the sender''s public key; token: the signature is the secret itself';
COMMENT ON COLUMN helix.webhook_schemes.signature_header IS 'The header that the signature is in; null: signature_path names it';
COMMENT ON COLUMN helix.webhook_schemes.separator IS
    'Between the items of that header; empty: it is one item. At most 16 signatures are read';
COMMENT ON COLUMN helix.webhook_schemes.prefix IS 'What an item begins with that is a signature; others are passed over';
COMMENT ON COLUMN helix.webhook_schemes.timestamp_header IS 'The header with the time of signing, in timestamp_unit since 1970';
COMMENT ON COLUMN helix.webhook_schemes.timestamp_prefix IS
    'What the item of the signature''s header begins with that is the time of signing';
COMMENT ON COLUMN helix.webhook_schemes.id_header IS 'The header with the id of the delivery, where it is signed';
COMMENT ON COLUMN helix.webhook_schemes.signed_content IS
    'What is signed: {body}, or {form} for its sorted fields, once; {url}, which is the schedule''s webhook_url, {timestamp} and '
    '{id} at most once; and text around them. Without a body a signature is worth one call. Empty for a token';
COMMENT ON COLUMN helix.webhook_schemes.key_prefix IS 'Taken off the secret before key_encoding is read';
COMMENT ON COLUMN helix.webhook_schemes.delivery_header IS
    'The header that, together with the body, identifies a delivery. It is not signed: a call is queued again under another one';
COMMENT ON COLUMN helix.webhook_schemes.delivery_path IS 'The field of the signed body that alone identifies a delivery';
COMMENT ON COLUMN helix.webhook_schemes.kept_headers IS
    'At most 16 names of headers that go into the event and to the worker; values of more than 1,000 characters do not';
COMMENT ON COLUMN helix.webhook_schemes.challenge_in IS 'Where a challenge is told by: the signed body, or the query of a GET';
COMMENT ON COLUMN helix.webhook_schemes.challenge_field IS 'The field or parameter that has challenge_value in a challenge';
COMMENT ON COLUMN helix.webhook_schemes.challenge_token IS 'The field or parameter that the reply repeats';
COMMENT ON COLUMN helix.webhook_schemes.challenge_verify IS 'The parameter that has webhook_verify_token() in a GET';
COMMENT ON COLUMN helix.webhook_schemes.challenge_reply IS
    'The answer: {token} stands for the token, {hmac} for its HMAC in hexadecimal digits; in JSON both with their quotes';

INSERT INTO helix.webhook_schemes
    (name, description, encoding, signature_header, separator, prefix, timestamp_header, timestamp_prefix, id_header,
     signed_content, key_prefix, key_encoding, shipped) VALUES
    ('hmac-sha256-hex', 'The body''s HMAC-SHA256 in hexadecimal digits',
     'hex', 'x-webhook-signature', '', '', NULL, '', NULL, '{body}', '', 'raw', true),
    ('hmac-sha256-base64', 'The body''s HMAC-SHA256 in base64',
     'base64', 'x-webhook-signature', '', '', NULL, '', NULL, '{body}', '', 'raw', true);
INSERT INTO helix.webhook_schemes (name, description, signature_header, prefix, delivery_header, kept_headers, shipped) VALUES
    ('github', 'GitHub: sha256=<hex>', 'x-hub-signature-256', 'sha256=', 'x-github-delivery',
     '{x-github-event,x-github-delivery,x-github-hook-id,x-github-hook-installation-target-id,'
     'x-github-hook-installation-target-type}',
     true);
INSERT INTO helix.webhook_schemes
    (name, description, signature_header, separator, prefix, timestamp_prefix, timestamp_unit, signed_content, delivery_path,
     shipped) VALUES
    ('stripe', 'Stripe: t=<time>,v1=<hex>, several v1 while a secret is rotated',
     'stripe-signature', ',', 'v1=', 't=', 's', '{timestamp}.{body}', 'id', true),
    ('workos', 'WorkOS: t=<time in ms>, v1=<hex>',
     'workos-signature', ',', 'v1=', 't=', 'ms', '{timestamp}.{body}', 'id', true);
INSERT INTO helix.webhook_schemes
    (name, description, encoding, signature_header, separator, prefix, timestamp_header, id_header, signed_content, key_prefix,
     key_encoding, kept_headers, shipped) VALUES
    ('standard-webhooks', 'Standard Webhooks: lists of v1,<base64>, keys whsec_<base64>',
     'base64', 'webhook-signature', ' ', 'v1,', 'webhook-timestamp', 'webhook-id', '{id}.{timestamp}.{body}', 'whsec_', 'base64',
     '{webhook-id}', true),
    ('svix', 'Svix: as Standard Webhooks, with headers of its own',
     'base64', 'svix-signature', ' ', 'v1,', 'svix-timestamp', 'svix-id', '{id}.{timestamp}.{body}', 'whsec_', 'base64',
     '{svix-id}', true);
INSERT INTO helix.webhook_schemes
    (name, description, signature_header, prefix, timestamp_header, signed_content, delivery_path, kept_headers, challenge_in,
     challenge_field, challenge_value, challenge_token, challenge_reply, shipped) VALUES
    ('slack', 'Slack: v0=<hex> of v0:<time>:<body>; answers url_verification',
     'x-slack-signature', 'v0=', 'x-slack-request-timestamp', 'v0:{timestamp}:{body}', 'event_id',
     '{x-slack-retry-num,x-slack-retry-reason}', 'body', 'type', 'url_verification', 'challenge', '{"challenge": {token}}', true),
    ('zoom', 'Zoom: v0=<hex> of v0:<time>:<body>; answers endpoint.url_validation',
     'x-zm-signature', 'v0=', 'x-zm-request-timestamp', 'v0:{timestamp}:{body}', NULL,
     '{x-zm-trackingid}', 'body', 'event', 'endpoint.url_validation', 'payload.plainToken',
     '{"plainToken": {token}, "encryptedToken": {hmac}}', true);
INSERT INTO helix.webhook_schemes (name, description, encoding, signature_header, delivery_header, kept_headers, shipped) VALUES
    ('shopify', 'Shopify: the body''s HMAC-SHA256 in base64', 'base64', 'x-shopify-hmac-sha256', 'x-shopify-webhook-id',
     '{x-shopify-topic,x-shopify-shop-domain,x-shopify-webhook-id,x-shopify-event-id,x-shopify-triggered-at,x-shopify-api-version}',
     true);
INSERT INTO helix.webhook_schemes
    (name, description, algorithm, encoding, signature_header, signed_content, delivery_header, kept_headers, shipped) VALUES
    ('twilio', 'Twilio: HMAC-SHA1 in base64 of the URL and the sorted fields of the form',
     'sha1', 'base64', 'x-twilio-signature', '{url}{form}', 'i-twilio-idempotency-token', '{i-twilio-idempotency-token}', true),
    ('gitlab', 'GitLab: the secret token itself',
     'token', 'raw', 'x-gitlab-token', '', 'idempotency-key',
     '{x-gitlab-event,x-gitlab-instance,x-gitlab-webhook-uuid,x-gitlab-event-uuid,idempotency-key}', true);
INSERT INTO helix.webhook_schemes
    (name, description, signature_header, signature_path, timestamp_path, id_path, signed_content, shipped) VALUES
    ('mailgun', 'Mailgun: HMAC-SHA256 of time and token, all three in the body, which is not signed',
     NULL, 'signature.signature', 'signature.timestamp', 'signature.token', '{timestamp}{id}', true);
INSERT INTO helix.webhook_schemes
    (name, description, encoding, signature_header, timestamp_header, timestamp_unit, signed_content, shipped) VALUES
    ('hubspot', 'HubSpot, version 3: HMAC-SHA256 in base64 of method, URL, body and time in ms',
     'base64', 'x-hubspot-signature-v3', 'x-hubspot-request-timestamp', 'ms', 'POST{url}{body}{timestamp}', true);
INSERT INTO helix.webhook_schemes
    (name, description, algorithm, signature_header, timestamp_header, signed_content, key_encoding, delivery_path, challenge_in,
     challenge_field, challenge_value, challenge_reply, challenge_reply_type, challenge_status, shipped) VALUES
    ('discord', 'Discord''s webhook events: Ed25519 in hexadecimal digits; answers a PING with 204',
     'ed25519', 'x-signature-ed25519', 'x-signature-timestamp', '{timestamp}{body}', 'hex', NULL, 'body', 'type', '0', '', 'text',
     204, true),
    ('discord-interactions', 'Discord''s interactions: Ed25519 in hexadecimal digits; answers a PING with its type',
     'ed25519', 'x-signature-ed25519', 'x-signature-timestamp', '{timestamp}{body}', 'hex', 'id', 'body', 'type', '1',
     '{"type": 1}', 'json', 200, true);
INSERT INTO helix.webhook_schemes
    (name, description, signature_header, prefix, challenge_in, challenge_field, challenge_value, challenge_token,
     challenge_verify, challenge_reply, challenge_reply_type, shipped) VALUES
    ('meta', 'Meta (Facebook, Instagram, WhatsApp): sha256=<hex>; answers the GET that verifies an address',
     'x-hub-signature-256', 'sha256=', 'query', 'hub.mode', 'subscribe', 'hub.challenge', 'hub.verify_token', '{token}', 'text',
     true);

CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.webhook_schemes
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('name text 63', 'description text 2000', 'signature_header text 200',
        'timestamp_header text 200', 'id_header text 200', 'separator text 8', 'prefix text 64', 'timestamp_prefix text 64',
        'signed_content text 200', 'key_prefix text 64', 'signature_path text 200', 'timestamp_path text 200', 'id_path text 200',
        'delivery_header text 200', 'delivery_path text 200', 'challenge_field text 200', 'challenge_value text 200',
        'challenge_token text 200', 'challenge_verify text 200', 'challenge_reply text 1000');
CREATE TRIGGER check_scheme BEFORE INSERT OR UPDATE ON helix.webhook_schemes
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_webhook_scheme();
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.webhook_schemes
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('name');
SELECT pg_catalog.pg_extension_config_dump('helix.webhook_schemes', 'WHERE NOT shipped');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.webhook_schemes'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.webhook_schemes');
