\set i :i + 1
SELECT helix.webhook_trigger('be0c0000-0000-4000-8000-000000000001', body, signature) FROM bench.calls
 WHERE n = 20000 * :client_id + :i;
