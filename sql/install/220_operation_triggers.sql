-- The rows above have shipped. With these triggers every later row is a DBA's own: see shipped_row().
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.operations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('operation_id');
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.model_prices
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('provider', 'model', 'valid_from');
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.model_price_rates
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row(
        'provider', 'model', 'usage_type', 'service_tier', 'above_prompt_tokens', 'week_hours', 'valid_from');
CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.model_aliases
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('pattern');
CREATE TRIGGER follow_operation AFTER DELETE OR UPDATE OF operation_id ON helix.operations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.follow_operation();
CREATE FUNCTION helix_internal.check_handler() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_handler';
COMMENT ON FUNCTION helix_internal.check_handler() IS
    'Before insert or update of an operation: 42501 where anyone but a superuser sets a handler, 22023 where the function is '
    'temporary or its arguments are not (uuid, jsonb).';
CREATE TRIGGER check_handler BEFORE INSERT OR UPDATE OF handler ON helix.operations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_handler();
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.operations
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('operation_id text 200', 'name text 200', 'description text 2000');
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.model_prices
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('provider text 200', 'model text 200', 'input_usd_per_mtok price',
        'cached_input_usd_per_mtok price', 'output_usd_per_mtok price');
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.model_price_rates
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('provider text 200', 'model text 200', 'service_tier text 40',
        'usd_per_million price');
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.model_aliases
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('pattern text 500', 'provider text 200', 'model text 200');
CREATE TRIGGER operations_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON helix.operations
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.operations_changed();
CREATE TRIGGER operations_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON helix.model_prices
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.operations_changed();
CREATE TRIGGER operations_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON helix.model_price_rates
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.operations_changed();
CREATE TRIGGER operations_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON helix.model_aliases
    FOR EACH STATEMENT EXECUTE FUNCTION helix_internal.operations_changed();

SELECT pg_catalog.pg_extension_config_dump('helix.operations', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('helix.model_prices', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('helix.model_price_rates', 'WHERE NOT shipped');
SELECT pg_catalog.pg_extension_config_dump('helix.model_aliases', 'WHERE NOT shipped');
