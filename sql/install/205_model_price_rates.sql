-- Rates: what model_prices has no column for. Cache writes, audio, tools, tiers, long prompts, hours of the week.
CREATE FUNCTION helix_internal.is_usage_type(p_usage_type text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_is_usage_type';
COMMENT ON FUNCTION helix_internal.is_usage_type(text) IS 'Whether usage of this type is counted and priced';

CREATE TABLE helix.model_price_rates (
    provider            text NOT NULL CHECK (provider <> '' AND pg_catalog.length(provider) <= 200),
    model               text NOT NULL CHECK (model <> '' AND pg_catalog.length(model) <= 200),
    valid_from          timestamptz NOT NULL CHECK (pg_catalog.isfinite(valid_from)),
    usage_type          text NOT NULL CHECK (helix_internal.is_usage_type(usage_type)),
    service_tier        text NOT NULL DEFAULT 'standard'
        CHECK (service_tier <> '' AND pg_catalog.length(service_tier) <= 40 AND service_tier = pg_catalog.lower(service_tier)),
    above_prompt_tokens bigint NOT NULL DEFAULT 0 CHECK (above_prompt_tokens BETWEEN 0 AND 1000000000),
    week_hours          int4multirange NOT NULL DEFAULT '{[0,168)}'
        CHECK (week_hours <@ int4multirange '{[0,168)}' AND NOT pg_catalog.isempty(week_hours)),
    usd_per_million     numeric,
    shipped             boolean NOT NULL DEFAULT false,
    PRIMARY KEY (provider, model, usage_type, service_tier, above_prompt_tokens, week_hours, valid_from),
    CONSTRAINT has_no_column_in_model_prices CHECK (usage_type NOT IN ('input', 'cached_input', 'output')
        OR service_tier <> 'standard' OR above_prompt_tokens <> 0 OR week_hours <> int4multirange '{[0,168)}')
);
COMMENT ON TABLE helix.model_price_rates IS
    'Rates beside helix.model_prices, which has those of input, cached input and output in the standard tier. Each is in force '
    'from valid_from until the next row of the same provider, model, type, tier, band and hours. Of the rates that hold, the one '
    'of the longest band counts, then the one of the hour. A type without a rate is priced as the type that stands in for it: see '
    'docs/prices.md.';
COMMENT ON COLUMN helix.model_price_rates.provider IS 'As in helix.model_prices';
COMMENT ON COLUMN helix.model_price_rates.model IS 'As in helix.model_prices';
COMMENT ON COLUMN helix.model_price_rates.valid_from IS 'Start of this rate. Executions are priced by their occurred_at.';
COMMENT ON COLUMN helix.model_price_rates.usage_type IS
    'input, cached_input, cache_write, cache_write_1h, input_audio, cached_input_audio, input_image, cached_input_image, output, '
    'reasoning, output_audio, output_image, audio_seconds, web_search, web_fetch or rerank';
COMMENT ON COLUMN helix.model_price_rates.service_tier IS 'standard, batch, flex, priority or another, in small letters';
COMMENT ON COLUMN helix.model_price_rates.above_prompt_tokens IS
    'The rate is for requests whose prompt has more tokens than this, and for all of their tokens. The prompt is all input, what a '
    'cache had of it too.';
COMMENT ON COLUMN helix.model_price_rates.week_hours IS
    'The hours of the week by UTC in which the rate holds: 0 is Monday from 00:00 to 01:00. {[0,168)} is always.';
COMMENT ON COLUMN helix.model_price_rates.usd_per_million IS
    'USD per million tokens, requests or seconds, with at most 12 decimals. Null: the rate has ended.';
COMMENT ON COLUMN helix.model_price_rates.shipped IS 'True while the row is as helix shipped it. Such rows are not dumped.';

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.model_price_rates'),
    ('service', 'EXECUTE ON FUNCTION helix_internal.is_usage_type(text)'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.model_price_rates');
