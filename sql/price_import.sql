-- Price lists from outside: LiteLLM's format, helix's own, dry runs, and what estimates make of rates.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\set grace '''f5a0c000-0000-0000-0000-000000000019'''
CREATE TEMP TABLE lists (name text PRIMARY KEY, prices jsonb);
INSERT INTO lists VALUES
    ('litellm', '{
        "sample_spec": {"litellm_provider": "one of the providers", "input_cost_per_token": 0.0},
        "lab/quill": {"litellm_provider": "lab", "mode": "chat", "max_tokens": 8192, "supports_vision": true,
            "input_cost_per_token": 2.5e-06, "cache_read_input_token_cost": 2.5e-07, "output_cost_per_token": 1e-05,
            "output_cost_per_reasoning_token": 1e-05,
            "cache_creation_input_token_cost": 3.125e-06, "cache_creation_input_token_cost_above_1hr": 5e-06,
            "input_cost_per_token_above_200k_tokens": 5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05,
            "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_batches": 5e-06,
            "input_cost_per_audio_token": 4e-06,
            "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_medium": 0.01,
                                              "search_context_size_high": 0.02}},
        "lab/painter": {"litellm_provider": "lab", "mode": "image_generation", "output_cost_per_image": 0.04},
        "lab/ears": {"litellm_provider": "lab", "mode": "audio_transcription", "input_cost_per_second": 0.0001},
        "azure/quill": {"litellm_provider": "azure", "input_cost_per_token": 3e-06, "output_cost_per_token": 1e-05}}'),
    ('own', '[
        {"provider": "lab", "model": "quill", "usage_type": "web_fetch", "usd_per_million": 5000},
        {"provider": "lab", "model": "quill", "usage_type": "input", "week_hours": "{[0,24)}", "usd_per_million": 2,
         "valid_from": "2026-05-01"},
        {"provider": "lab", "model": "quill", "valid_from": "2026-06-01T00:00:00Z", "input_usd_per_mtok": 3,
         "cached_input_usd_per_mtok": "0.3", "output_usd_per_mtok": 12}]'),
    ('wrong', '[{"provider": "lab", "model": "quill", "usage_type": "smell", "usd_per_million": 1},
                {"provider": "lab", "model": "quill", "output_usd_per_mtok": -1},
                {"provider": "lab", "model": "quill", "output_usd_per_mtok": 13, "valid_from": "soon"},
                {"provider": "lab", "model": "quill", "output_usd_per_mtok": 14, "currency": "EUR"},
                7]');

-- A dry run changes nothing. A new model has its prices from ever on, so that what was unpriced gets priced.
SELECT * FROM helix.import_prices((SELECT prices FROM lists WHERE name = 'litellm'));
SELECT count(*) FROM helix.model_prices WHERE model = 'quill';
SELECT helix.record_operation_execution(:grace, 'email-compose', NULL, true, 1, NULL, 'lab/quill', p_input_tokens => 1000000,
    p_occurred_at => '2026-04-01') > 0 AS recorded;
SELECT count(*) AS changes FROM helix.import_prices((SELECT prices FROM lists WHERE name = 'litellm'), false) WHERE what = 'new';
SELECT provider, model, valid_from, input_usd_per_mtok, cached_input_usd_per_mtok, output_usd_per_mtok
  FROM helix.model_prices WHERE provider = 'lab' OR model = 'quill' ORDER BY 1, 2;
SELECT count(*) AS rates FROM helix.model_price_rates WHERE provider = 'lab';
-- Again: nothing is left to change.
SELECT what, count(*) FROM helix.import_prices((SELECT prices FROM lists WHERE name = 'litellm'), false) GROUP BY 1;
-- Who sells it is part of the name.
SELECT * FROM helix_internal.resolve_model('azure/quill');
SELECT * FROM helix_internal.resolve_model('lab/quill');

-- A changed price holds from p_valid_from on, and the past keeps its own.
SELECT provider, model, usage_type, valid_from, old_usd_per_million, new_usd_per_million, what
  FROM helix.import_prices('{"lab/quill": {"litellm_provider": "lab", "output_cost_per_token": 1.1e-05,
      "input_cost_per_token": 2.5e-06}}', false, '2026-04-15');
SELECT valid_from, input_usd_per_mtok, cached_input_usd_per_mtok, output_usd_per_mtok
  FROM helix.model_prices WHERE provider = 'lab' AND model = 'quill' ORDER BY 1;
SELECT valid_from = now() AS now, old_usd_per_million, new_usd_per_million
  FROM helix.import_prices('[{"provider": "lab", "model": "quill", "output_usd_per_mtok": 15}]');

-- helix's own format: the columns of both tables, and what they hold comes back unchanged.
SELECT provider, model, usage_type, week_hours, valid_from = now() AS now, old_usd_per_million, new_usd_per_million, what
  FROM helix.import_prices((SELECT prices FROM lists WHERE name = 'own'), false);
SELECT count(*) FROM helix.import_prices((SELECT jsonb_agg(p) FROM helix.model_prices p));
SELECT count(*) FROM helix.import_prices((SELECT jsonb_agg(r) FROM helix.model_price_rates r));
-- A row of one's own takes the place of a shipped one.
BEGIN;
SELECT what FROM helix.import_prices((SELECT jsonb_agg(to_jsonb(p) || '{"input_usd_per_mtok": 77}') FROM helix.model_prices p
    WHERE shipped AND model = 'claude-haiku-4-5'), false);
SELECT shipped, input_usd_per_mtok FROM helix.model_prices WHERE model = 'claude-haiku-4-5';
ROLLBACK;

-- One wrong entry: a dry run tells each, an import takes nothing.
SELECT provider, model, what, reason FROM helix.import_prices((SELECT prices FROM lists WHERE name = 'wrong'));
SELECT failure($$SELECT helix.import_prices('[{"provider": "lab", "model": "quill", "output_usd_per_mtok": 99},
    {"provider": "lab", "model": "ink", "output_usd_per_mtok": -1}]', false)$$);
SELECT failure($$SELECT helix.import_prices('5')$$);
SELECT failure($$SELECT helix.import_prices(NULL)$$);
SELECT failure($$SELECT helix.import_prices('[]', NULL)$$);
SELECT failure($$SELECT helix.import_prices('[]', true, 'infinity')$$);
SELECT split_part(failure($$SELECT helix.import_prices(jsonb_build_array(repeat('x', 17000000)))$$), ' | ', 1);
SELECT max(output_usd_per_mtok) FROM helix.model_prices WHERE model = 'quill';

-- Estimates count bands and hours, and know models that only have rates, and their other names.
INSERT INTO helix.operations (operation_id, name, default_input_tokens, default_output_tokens)
VALUES ('long-read', 'Long read', 1000000, 0);
INSERT INTO helix.model_prices VALUES ('lab', 'scroll', '2026-01-01', 1, 1, 1);
SELECT mid FROM helix.estimate_operation_cost(:grace, 'long-read', 'scroll');
INSERT INTO helix.model_price_rates VALUES ('lab', 'scroll', '2026-01-01', 'input', 'standard', 200000, '{[0,168)}', 4);
SELECT mid FROM helix.estimate_operation_cost(:grace, 'long-read', 'scroll');
SELECT mid FROM helix.estimate_operation_cost(:grace, 'long-read', 'lab/scroll');
INSERT INTO helix.model_price_rates VALUES ('lab', 'scroll', '2026-01-01', 'input', 'standard', 200000, '{[0,84)}', 5),
    ('lab', 'scroll', '2026-01-01', 'input', 'standard', 200000, '{[84,168)}', 5);
SELECT mid FROM helix.estimate_operation_cost(:grace, 'long-read', 'scroll');
INSERT INTO helix.model_price_rates VALUES ('lab', 'rates-only', '2026-01-01', 'input', 'standard', 5, '{[0,168)}', 6);
SELECT mid FROM helix.estimate_operation_cost(:grace, 'long-read', 'rates-only');
INSERT INTO helix.model_aliases (pattern, model) VALUES ('parchment', 'scroll');
SELECT mid, basis FROM helix.estimate_operation_cost(:grace, 'long-read', 'Parchment');
DELETE FROM helix.model_prices WHERE provider IN ('lab', 'azure');
DELETE FROM helix.model_price_rates WHERE provider = 'lab';
DELETE FROM helix.model_aliases WHERE NOT shipped;
