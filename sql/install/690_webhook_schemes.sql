-- How senders sign webhooks. A new sender is a new row. It comes before the queue, since schedules refer to it.
CREATE FUNCTION helix_internal.check_webhook_scheme() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_webhook_scheme';
COMMENT ON FUNCTION helix_internal.check_webhook_scheme() IS
    'Before insert or update of a scheme: refuses (22023) what could never verify anything';

CREATE TABLE helix.webhook_schemes (
    name             text    PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    description      text    NOT NULL DEFAULT '',
    algorithm        text    NOT NULL DEFAULT 'sha256' CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
    encoding         text    NOT NULL DEFAULT 'hex' CHECK (encoding IN ('hex', 'base64')),
    signature_header text    NOT NULL DEFAULT 'x-webhook-signature' CHECK (signature_header ~ '^[a-z0-9-]+$'),
    separator        text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(separator) <= 8),
    prefix           text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(prefix) <= 64),
    timestamp_header text    CHECK (timestamp_header ~ '^[a-z0-9-]+$'),
    timestamp_prefix text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(timestamp_prefix) <= 64),
    id_header        text    CHECK (id_header ~ '^[a-z0-9-]+$'),
    signed_content   text    NOT NULL DEFAULT '{body}' CHECK (pg_catalog.length(signed_content) <= 200),
    key_prefix       text    NOT NULL DEFAULT '' CHECK (pg_catalog.length(key_prefix) <= 64),
    key_encoding     text    NOT NULL DEFAULT 'raw' CHECK (key_encoding IN ('raw', 'hex', 'base64')),
    shipped          boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE helix.webhook_schemes IS
    'How senders sign webhooks: HMAC of signed_content under the secret. Header names are in lower case.';
COMMENT ON COLUMN helix.webhook_schemes.signature_header IS 'The header that the signature is in';
COMMENT ON COLUMN helix.webhook_schemes.separator IS
    'Between the items of that header; empty: it is one item. At most 16 signatures are read';
COMMENT ON COLUMN helix.webhook_schemes.prefix IS 'What an item begins with that is a signature; others are passed over';
COMMENT ON COLUMN helix.webhook_schemes.timestamp_header IS 'The header with the time of signing, in s since 1970';
COMMENT ON COLUMN helix.webhook_schemes.timestamp_prefix IS
    'What the item of the signature''s header begins with that is the time of signing';
COMMENT ON COLUMN helix.webhook_schemes.id_header IS 'The header with the id of the delivery, where it is signed';
COMMENT ON COLUMN helix.webhook_schemes.signed_content IS
    'What is signed: {body} once, {timestamp} and {id} at most once, and text around them';
COMMENT ON COLUMN helix.webhook_schemes.key_prefix IS 'Taken off the secret before key_encoding is read';

INSERT INTO helix.webhook_schemes
    (name, description, encoding, signature_header, separator, prefix, timestamp_header, timestamp_prefix, id_header,
     signed_content, key_prefix, key_encoding, shipped) VALUES
    ('hmac-sha256-hex', 'The body''s HMAC-SHA256 in hexadecimal digits',
     'hex', 'x-webhook-signature', '', '', NULL, '', NULL, '{body}', '', 'raw', true),
    ('hmac-sha256-base64', 'The body''s HMAC-SHA256 in base64',
     'base64', 'x-webhook-signature', '', '', NULL, '', NULL, '{body}', '', 'raw', true),
    ('github', 'GitHub: sha256=<hex>',
     'hex', 'x-hub-signature-256', '', 'sha256=', NULL, '', NULL, '{body}', '', 'raw', true),
    ('stripe', 'Stripe: t=<time>,v1=<hex>, several v1 while a secret is rotated',
     'hex', 'stripe-signature', ',', 'v1=', NULL, 't=', NULL, '{timestamp}.{body}', '', 'raw', true),
    ('standard-webhooks', 'Standard Webhooks: lists of v1,<base64>, keys whsec_<base64>',
     'base64', 'webhook-signature', ' ', 'v1,', 'webhook-timestamp', '', 'webhook-id', '{id}.{timestamp}.{body}',
     'whsec_', 'base64', true),
    ('svix', 'Svix: as Standard Webhooks, with headers of its own',
     'base64', 'svix-signature', ' ', 'v1,', 'svix-timestamp', '', 'svix-id', '{id}.{timestamp}.{body}', 'whsec_', 'base64', true),
    ('slack', 'Slack: v0=<hex> of v0:<time>:<body>',
     'hex', 'x-slack-signature', '', 'v0=', 'x-slack-request-timestamp', '', NULL, 'v0:{timestamp}:{body}', '', 'raw', true),
    ('shopify', 'Shopify: the body''s HMAC-SHA256 in base64',
     'base64', 'x-shopify-hmac-sha256', '', '', NULL, '', NULL, '{body}', '', 'raw', true);

CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.webhook_schemes
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('name text 63', 'description text 2000', 'signature_header text 200',
        'timestamp_header text 200', 'id_header text 200', 'separator text 8', 'prefix text 64', 'timestamp_prefix text 64',
        'signed_content text 200', 'key_prefix text 64');
CREATE TRIGGER check_scheme BEFORE INSERT OR UPDATE ON helix.webhook_schemes
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_webhook_scheme();
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.webhook_schemes
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('name');
SELECT pg_catalog.pg_extension_config_dump('helix.webhook_schemes', 'WHERE NOT shipped');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.webhook_schemes'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.webhook_schemes');
