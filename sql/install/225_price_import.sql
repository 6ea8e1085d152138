-- Price lists from outside.
CREATE FUNCTION helix.import_prices(p_prices jsonb, p_dry_run boolean DEFAULT true, p_valid_from timestamptz DEFAULT NULL)
    RETURNS TABLE (provider text, model text, usage_type text, service_tier text, above_prompt_tokens bigint,
                   week_hours text, valid_from timestamptz, old_usd_per_million numeric, new_usd_per_million numeric,
                   what text, reason text)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_import_prices';
COMMENT ON FUNCTION helix.import_prices(jsonb, boolean, timestamptz) IS
    'Compares a price list with helix.model_prices and helix.model_price_rates, and takes it over unless p_dry_run. The list is '
    'LiteLLM''s model_prices_and_context_window.json, or an array of rows of the two tables. A row for each rate that is new or '
    'changed. skipped is what helix has no price for, refused what is wrong: each with its reason. A rate holds from its own '
    'valid_from, else from p_valid_from. On null that is now, and 2000-01-01 for models without any price, so that what was '
    'unpriced is priced. Rates that the list lacks stay. Errors: 22004 on null. 22023 where anything is refused and p_dry_run '
    'is false, or where the list is neither object nor array, or has more than 16 MB. 22008 a time before 1970 or after 9999.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('service', 'EXECUTE ON FUNCTION helix.import_prices(jsonb, boolean, timestamptz)');
