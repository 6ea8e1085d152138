-- Secrets by reference, as far as settings and the functions for DBAs go; test/t/023_secrets.pl has the rest.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.refusal(setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; hint text;
BEGIN
    PERFORM set_config(setting, value, false);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, message, detail, nullif(hint, ''));
END $$;
SELECT name, reset_val, unit, min_val, max_val, context FROM pg_settings WHERE name ~ '^helix\.(secret|onepassword)' ORDER BY name;
-- None of them belongs to a session, nor shows itself to everybody.
SELECT pg_temp.refusal(name, reset_val) FROM pg_settings WHERE name ~ '^helix\.(secret|onepassword)' ORDER BY name;
CREATE ROLE regress_helix_nobody;
SET ROLE regress_helix_nobody;
\set VERBOSITY sqlstate
SHOW helix.secret_folder;
SHOW helix.onepassword_token_ref;
\set VERBOSITY default
RESET ROLE;
DROP ROLE regress_helix_nobody;
-- A secret in the place of its reference is refused, and not repeated in the refusal.
ALTER SYSTEM SET helix.onepassword_token_ref = 'hunter2';
ALTER SYSTEM SET helix.onepassword_connect_url = 'https://me:hunter2@connect';
ALTER SYSTEM SET helix.onepassword_connect_url = 'http://connect.example.com:8080';
ALTER SYSTEM SET helix.onepassword_cli = 'op';
ALTER SYSTEM SET helix.secret_folder = '/etc/../home';
-- Nothing is known that nobody has asked for.
SELECT count(*) FROM helix.secret_cache_status() WHERE reference = 'op://vault/item/field';
SELECT helix.forget_secret('op://vault/item/field');
SELECT helix.forget_secret('');
SELECT helix.forget_secret(NULL);
