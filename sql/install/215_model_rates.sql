-- Shipped rates: what the models of 210_model_prices.sql cost beside their input, cached input and output in the standard tier.
-- Most are factors that the provider documents, applied to each price of a model from the day on which that price holds.
-- Sources, each read on the day given in brackets:
--   anthropic  https://platform.claude.com/docs/en/about-claude/pricing           (2026-09; cache writes)
--   anthropic  https://github.com/anuran-roy/unified-llm-pricing                  (2026-09-13; the pricing page, batch too)
--   anthropic  https://github.com/BerriAI/litellm, its model_prices_and_context_window.json  (2026-07-24; searches)
--   anthropic  https://dev.to/neverpaytwice/claude-batch-api-half-price-if-you-can-wait-ecg  (2026-11; batch)
--   anthropic  https://github.com/kurofune/claudit/releases/tag/v1.8.2            (2026-09-24; cache writes of Opus 5.5)
--   anthropic  https://docs.rs/synaps/0.10.2/synaps_cli/pricing                   (2026-10-10; the long band of Haiku 5.5)
--   anthropic  https://github.com/TheKrush/PromptFuel/releases/tag/v1.0.21        (2026-09-23; fast mode of Opus 5.5)
--   anthropic  https://octavus.ai/docs/protocol/fast-mode                         (2026-11-27; fast mode of Opus 4.6 to 4.8)
--   anthropic  https://vercel.com/ai-gateway/models/claude-opus-5-fast            (2026-11-27; fast mode of Opus 5)
--   anthropic  https://agentmastered.com/blog/1m-context-ga                       (2026-11-27; the band above 200,000, and its end)
--   openai     https://github.com/anuran-roy/unified-llm-pricing                  (2026-09-13; pricing page: tiers, bands, search)
--   openai     https://openai.com/api-fast-mode/                                  (2026-11-27; fast mode, once called priority)
--   openai     https://docs.litellm.ai/blog/gpt-6-1-terra                         (2026-10-27; all tiers of GPT-6.1 Terra)
--   openai     https://github.com/amine123max/Codex-Manager/releases/tag/0.4.7    (2026-09-30; all tiers of GPT-6.1 Sol)
--   openai     https://github.com/BerriAI/litellm/discussions/39633               (2026-09; all tiers of GPT-6 Astra)
--   openai     https://vercel.com/changelog/openai-ultrafast-mode-now-available-on-ai-gateway  (2026-10; ultrafast)
--   openai     https://github.com/iyulab/TokenMeter/releases/tag/v0.17.0          (2026-11; GPT-6.2 and Gemini 4)
--   openai     https://github.com/BerriAI/litellm, its model_prices_and_context_window.json  (2026-07-24; codex models)
--   openai     https://github.com/pydantic/genai-prices                           (2026-08-21; audio and images)
--   gemini     https://github.com/anuran-roy/unified-llm-pricing                  (2026-09-13; the pricing page, by tier and band)
--   gemini     https://github.com/pydantic/genai-prices                           (2026-08-21; 2.0 Flash, images, embeddings)
--   deepseek   https://api-docs.deepseek.com/quick_start/pricing                  (2026-11-15)
--   deepseek   https://github.com/xyzs996/llm-api-pricing/discussions/44          (2026-08-23; weekends)
--   deepseek   https://github.com/qiz42144-web/dsh-ai-curfew, its PROVENANCE.md   (2026-09; since when, and holidays)
-- Notes, general:
--   A tier that a model doesn't list has no row. Usage in it is unpriced, until someone adds a rate.
--   Providers print some halves rounded, such as 0.13 for 0.125. The rates here are exact.
--   A rate may begin before its tier did. That does no harm: nobody was served in the tier then.
--   Not here: storage of caches, surcharges of regions (1.1 times the price), contracts, fees for files, containers and maps.

-- Anthropic. Writing a cache costs 1.25 times the input price, and 2 times for one hour. A batch halves all of it.
--   The priority tier is bought by contract and has no list price. Whether a model can search is not considered.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, service_tier, usd_per_million, shipped)
SELECT p.provider, p.model, p.valid_from, t.usage_type, s.service_tier, pg_catalog.trim_scale(t.usd * s.factor), true
  FROM helix.model_prices p
 CROSS JOIN LATERAL (VALUES
        ('input',          p.input_usd_per_mtok),
        ('cached_input',   p.cached_input_usd_per_mtok),
        ('cache_write',    p.input_usd_per_mtok * 1.25),
        ('cache_write_1h', p.input_usd_per_mtok * 2),
        ('output',         p.output_usd_per_mtok)) t (usage_type, usd)
  JOIN (VALUES
        (NULL,              'standard', 1),
        (NULL,              'batch',    0.5),
        ('claude-opus-5-5', 'fast',     2),
        ('claude-opus-5',   'fast',     2),
        ('claude-opus-4-8', 'fast',     2),
        ('claude-opus-4-7', 'fast',     6),
        ('claude-opus-4-6', 'fast',     6)) s (model, service_tier, factor) ON s.model IS NULL OR s.model = p.model
 WHERE p.provider = 'anthropic' AND (s.service_tier <> 'standard' OR t.usage_type IN ('cache_write', 'cache_write_1h'));

-- Anthropic, long prompts. Sonnet 4 and 4.5 take them with a beta header only. For Opus 4.6 and Sonnet 4.6 the band has ended.
--   That fast mode of Opus 4.6 was dearer still above 200,000 tokens until then is left out.
INSERT INTO helix.model_price_rates
    (provider, model, valid_from, usage_type, service_tier, above_prompt_tokens, usd_per_million, shipped)
SELECT p.provider, p.model, r.valid_from, t.usage_type, s.service_tier, b.above, pg_catalog.trim_scale(r.usd), true
  FROM helix.model_prices p
  JOIN (VALUES
        ('claude-haiku-5-5',  100000, 5, 5,   NULL::timestamptz),
        ('claude-sonnet-4-5', 200000, 2, 1.5, NULL),
        ('claude-sonnet-4',   200000, 2, 1.5, NULL),
        ('claude-opus-4-6',   200000, 2, 1.5, '2026-03-13 00:00:00+00'),
        ('claude-sonnet-4-6', 200000, 2, 1.5, '2026-03-13 00:00:00+00')) b (model, above, reading, writing, ends) USING (model)
 CROSS JOIN LATERAL (VALUES
        ('input',          p.input_usd_per_mtok * b.reading),
        ('cached_input',   p.cached_input_usd_per_mtok * b.reading),
        ('cache_write',    p.input_usd_per_mtok * b.reading * 1.25),
        ('cache_write_1h', p.input_usd_per_mtok * b.reading * 2),
        ('output',         p.output_usd_per_mtok * b.writing)) t (usage_type, usd)
 CROSS JOIN (VALUES ('standard', 1), ('batch', 0.5)) s (service_tier, factor)
 CROSS JOIN LATERAL (VALUES (p.valid_from, t.usd * s.factor), (b.ends, NULL)) r (valid_from, usd)
 WHERE p.provider = 'anthropic' AND r.valid_from IS NOT NULL;

-- OpenAI. `long`: prompts over 272,000 tokens cost twice the input and 1.5 times the output. `writes`: writing a cache costs 1.25
-- times the input. `batch`: half, and where it is 'plain' what a cache had costs as much as other input. `flex`: half.
-- `fast`: so many times the price, in long prompts too where the model also has `writes`. Fast mode was called priority until
-- 2026-07-30; either name is sent and returned.
--   gpt-5.5 and gpt-5.4 serve long prompts in the standard tier where fast mode was asked for.
--   gpt-5.5-pro: a long prompt in batch or flex isn't listed; the factors are taken to multiply.
--   gpt-6-sol, gpt-6-luna: flex is taken from their siblings. GPT-6.2: no flex is listed.
--   gpt-5.6 models: fast mode in long prompts is listed from 2026-08-21 on.
--   gpt-6.1-terra: writing a cache for 12 hours costs 2.5 times the input. No type of usage counts it apart.
--   codex models: no batch and no flex are listed.
INSERT INTO helix.model_price_rates
    (provider, model, valid_from, usage_type, service_tier, above_prompt_tokens, usd_per_million, shipped)
SELECT p.provider, p.model, p.valid_from, t.usage_type, s.service_tier, b.above,
       pg_catalog.trim_scale(s.factor * CASE WHEN b.above > 0 THEN t.long_factor ELSE 1 END
           * CASE WHEN t.usage_type = 'cached_input' AND s.service_tier = 'batch' AND m.batch = 'plain'
                  THEN p.input_usd_per_mtok ELSE t.usd END), true
  FROM helix.model_prices p
  JOIN (VALUES
        ('gpt-6.2-astra',          true,  true,  'yes',   false, 2),
        ('gpt-6.2-sol',            true,  true,  'yes',   false, 2),
        ('gpt-6.1-sol',            true,  true,  'yes',   true,  2),
        ('gpt-6.1-terra',          true,  true,  'yes',   true,  2),
        ('gpt-6-astra',            true,  true,  'yes',   true,  2),
        ('gpt-6-sol',              true,  true,  'yes',   true,  2),
        ('gpt-6-luna',             true,  true,  'yes',   true,  2),
        ('gpt-5.6-sol',            true,  true,  'yes',   true,  2),
        ('gpt-5.6-terra',          true,  true,  'yes',   true,  2),
        ('gpt-5.6-luna',           true,  true,  'yes',   true,  2),
        ('gpt-5.5',                true,  false, 'yes',   true,  2.5),
        ('gpt-5.5-pro',            true,  false, 'plain', true,  NULL),
        ('gpt-5.4',                true,  false, 'yes',   true,  2),
        ('gpt-5.4-pro',            true,  false, 'plain', true,  NULL),
        ('gpt-5.4-mini',           false, false, 'yes',   true,  2),
        ('gpt-5.4-nano',           false, false, 'yes',   true,  NULL),
        ('gpt-5.3-codex',          false, false, 'no',    false, 2),
        ('gpt-5.2-codex',          false, false, 'no',    false, 2),
        ('gpt-5.2',                false, false, 'yes',   true,  2),
        ('gpt-5.2-pro',            false, false, 'plain', false, NULL),
        ('gpt-5.1',                false, false, 'yes',   true,  2),
        ('gpt-5.1-codex',          false, false, 'no',    false, 2),
        ('gpt-5.1-codex-mini',     false, false, 'no',    false, 1.8),
        ('gpt-5',                  false, false, 'yes',   true,  2),
        ('gpt-5-mini',             false, false, 'yes',   true,  1.8),
        ('gpt-5-nano',             false, false, 'yes',   true,  NULL),
        ('gpt-5-pro',              false, false, 'plain', false, NULL),
        ('o4-mini',                false, false, 'plain', true,  NULL),
        ('o3-pro',                 false, false, 'plain', false, NULL),
        ('o3',                     false, false, 'plain', true,  1.75),
        ('o3-mini',                false, false, 'plain', false, NULL),
        ('o1',                     false, false, 'plain', false, NULL),
        ('gpt-4.1',                false, false, 'plain', false, 1.75),
        ('gpt-4.1-mini',           false, false, 'plain', false, 1.75),
        ('gpt-4.1-nano',           false, false, 'plain', false, 2),
        ('gpt-4o',                 false, false, 'plain', false, 1.7),
        ('gpt-4o-mini',            false, false, 'plain', false, NULL),
        ('gpt-4o-2024-05-13',      false, false, 'plain', false, 1.75),
        ('gpt-4-turbo',            false, false, 'plain', false, NULL),
        ('gpt-3.5-turbo',          false, false, 'plain', false, NULL),
        ('text-embedding-3-large', false, false, 'plain', false, NULL),
        ('text-embedding-3-small', false, false, 'plain', false, NULL),
        ('text-embedding-ada-002', false, false, 'plain', false, NULL)) m (model, long, writes, batch, flex, fast) USING (model)
 CROSS JOIN LATERAL (VALUES
        ('input',        p.input_usd_per_mtok,        2),
        ('cached_input', p.cached_input_usd_per_mtok, 2),
        ('cache_write',  CASE WHEN m.writes THEN p.input_usd_per_mtok * 1.25 END, 2),
        ('output',       p.output_usd_per_mtok,       1.5)) t (usage_type, usd, long_factor)
 CROSS JOIN LATERAL (VALUES
        ('standard', 1,                                     m.long),
        ('batch',    CASE WHEN m.batch <> 'no' THEN 0.5 END, m.long),
        ('flex',     CASE WHEN m.flex THEN 0.5 END,         m.long),
        ('priority', m.fast,                                m.long AND m.writes),
        ('fast',     m.fast,                                m.long AND m.writes)) s (service_tier, factor, long)
 CROSS JOIN (VALUES (0), (272000)) b (above)
 WHERE p.provider = 'openai' AND t.usd IS NOT NULL AND s.factor IS NOT NULL AND (b.above = 0 OR s.long)
   AND (b.above > 0 OR s.service_tier <> 'standard' OR t.usage_type = 'cache_write');

-- OpenAI, what is no factor of few digits, and ultrafast mode: 6 times the price since 2026-09-29, in long prompts not listed.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, service_tier, usd_per_million, shipped)
SELECT p.provider, p.model, p.valid_from, r.usage_type, s.service_tier, r.usd, true
  FROM helix.model_prices p
  JOIN (VALUES
        ('o4-mini',     '{priority,fast}'::text[], 'input',        2),
        ('o4-mini',     '{priority,fast}',         'cached_input', 0.50),
        ('o4-mini',     '{priority,fast}',         'output',       8),
        ('gpt-4o-mini', '{priority,fast}',         'input',        0.25),
        ('gpt-4o-mini', '{priority,fast}',         'cached_input', 0.125),
        ('gpt-4o-mini', '{priority,fast}',         'output',       1),
        ('gpt-6-astra', '{ultrafast}',             'input',        60),
        ('gpt-6-astra', '{ultrafast}',             'cached_input', 6),
        ('gpt-6-astra', '{ultrafast}',             'cache_write',  75),
        ('gpt-6-astra', '{ultrafast}',             'output',       300)) r (model, tiers, usage_type, usd) USING (model)
 CROSS JOIN LATERAL pg_catalog.unnest(r.tiers) s (service_tier)
 WHERE p.provider = 'openai';

-- OpenAI, audio and images. Models that read images as text tokens have no row: input_image is priced as input.
--   gpt-4o-transcribe, gpt-4o-mini-transcribe: the pricing page lists one input price. Other sources have a dearer one for audio.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, usd_per_million, shipped)
SELECT p.provider, p.model, p.valid_from, r.usage_type, r.usd, true
  FROM helix.model_prices p
  JOIN (VALUES
        ('{gpt-realtime,gpt-realtime-1.5,gpt-realtime-2,gpt-realtime-2.1}'::text[], 'input_audio', 32),
        ('{gpt-realtime,gpt-realtime-1.5,gpt-realtime-2,gpt-realtime-2.1}', 'cached_input_audio',  0.40),
        ('{gpt-realtime,gpt-realtime-1.5,gpt-realtime-2,gpt-realtime-2.1}', 'input_image',         5),
        ('{gpt-realtime,gpt-realtime-1.5,gpt-realtime-2,gpt-realtime-2.1}', 'cached_input_image',  0.50),
        ('{gpt-realtime,gpt-realtime-1.5,gpt-realtime-2,gpt-realtime-2.1}', 'output_audio',        64),
        ('{gpt-realtime-mini,gpt-realtime-2.1-mini}', 'input_audio',        10),
        ('{gpt-realtime-mini,gpt-realtime-2.1-mini}', 'cached_input_audio', 0.30),
        ('{gpt-realtime-mini,gpt-realtime-2.1-mini}', 'input_image',        0.80),
        ('{gpt-realtime-mini,gpt-realtime-2.1-mini}', 'cached_input_image', 0.08),
        ('{gpt-realtime-mini,gpt-realtime-2.1-mini}', 'output_audio',       20),
        ('{gpt-audio,gpt-audio-1.5}',   'input_audio',        32),
        ('{gpt-audio,gpt-audio-1.5}',   'output_audio',       64),
        ('{gpt-audio-mini}',            'input_audio',        10),
        ('{gpt-audio-mini}',            'output_audio',       20),
        ('{gpt-image-1}',               'input_image',        10),
        ('{gpt-image-1}',               'cached_input_image', 2.50),
        ('{gpt-image-1-mini}',          'input_image',        2.50),
        ('{gpt-image-1-mini}',          'cached_input_image', 0.25),
        ('{gpt-image-1.5,gpt-image-2}', 'input_image',        8),
        ('{gpt-image-1.5,gpt-image-2}', 'cached_input_image', 2),
        ('{gpt-image-1.5}',             'output_image',       32)) r (models, usage_type, usd) ON p.model = ANY (r.models)
 WHERE p.provider = 'openai';

-- whisper-1 costs 0.006 USD a minute and counts no tokens, so it has no row among the prices.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, usd_per_million, shipped) VALUES
    ('openai', 'whisper-1', '2023-03-01 00:00:00+00', 'audio_seconds', 100, true);

-- Gemini. `long`: prompts over 200,000 tokens cost twice the input and 1.5 times the output. `cached`: batch and flex halve what
-- a cache had too; else it costs as much as in the standard tier. `audio` and `image`: what is heard, and what is drawn.
--   Batch halves, and priority costs 1.8 times the price.
--   Gemini 4 and 3.7 and 3.8 Flash: that batch and flex halve what a cache had is taken from 3.5 and 3.6 Flash.
--   gemini-4-argon, gemini-4-carbon: no flex and no priority are known. Carbon's batch is taken from Argon.
--   Preview models that were shut down before flex and priority began have neither.
INSERT INTO helix.model_price_rates
    (provider, model, valid_from, usage_type, service_tier, above_prompt_tokens, usd_per_million, shipped)
SELECT p.provider, p.model, p.valid_from, t.usage_type, s.service_tier, b.above,
       pg_catalog.trim_scale(t.usd * s.factor * CASE WHEN b.above > 0 THEN t.long_factor ELSE 1 END), true
  FROM helix.model_prices p
  JOIN (VALUES
        ('gemini-4-neon',                  false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-4-hydrogen',              false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-4-carbon',                false, true,  false, false, NULL, NULL,  NULL),
        ('gemini-4-argon',                 false, true,  false, false, NULL, NULL,  NULL),
        ('gemini-3.8-flash',               false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-3.7-flash',               false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-3.6-flash',               false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-3.5-flash',               false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-3.5-flash-lite',          false, true,  true,  true,  NULL, NULL,  NULL),
        ('gemini-3.1-pro-preview',         true,  false, true,  true,  NULL, NULL,  NULL),
        ('gemini-3.1-flash-lite',          false, true,  true,  true,  0.50, 0.05,  NULL),
        ('gemini-3.1-flash-lite-preview',  false, true,  false, false, 0.50, 0.05,  NULL),
        ('gemini-3.1-flash-image',         false, true,  false, false, NULL, NULL,  60),
        ('gemini-3.1-flash-image-preview', false, true,  false, false, NULL, NULL,  60),
        ('gemini-3-pro-preview',           true,  false, false, false, NULL, NULL,  NULL),
        ('gemini-3-pro-image',             false, true,  true,  true,  NULL, NULL,  120),
        ('gemini-3-pro-image-preview',     false, true,  true,  true,  NULL, NULL,  120),
        ('gemini-3-flash-preview',         false, false, true,  true,  1,    0.10,  NULL),
        ('gemini-2.5-pro',                 true,  false, true,  true,  NULL, NULL,  NULL),
        ('gemini-2.5-flash',               false, false, true,  true,  1,    0.10,  NULL),
        ('gemini-2.5-flash-lite',          false, false, true,  true,  0.30, 0.03,  NULL),
        ('gemini-2.5-flash-image',         false, true,  false, false, NULL, NULL,  30),
        ('gemini-2.0-flash',               false, false, false, false, 0.70, 0.175, NULL),
        ('gemini-2.0-flash-lite',          false, true,  false, false, NULL, NULL,  NULL),
        ('gemini-embedding-2',             false, true,  false, false, 6.50, NULL,  NULL),
        ('gemini-embedding-001',           false, true,  false, false, NULL, NULL,  NULL))
            m (model, long, cached, flex, priority, audio, cached_audio, image) USING (model)
 CROSS JOIN LATERAL (VALUES
        ('input',              p.input_usd_per_mtok,        2,   false),
        ('cached_input',       p.cached_input_usd_per_mtok, 2,   true),
        ('input_audio',        m.audio,                     2,   false),
        ('cached_input_audio', m.cached_audio,              2,   true),
        ('output',             p.output_usd_per_mtok,       1.5, false),
        ('output_image',       m.image,                     1.5, false)) t (usage_type, usd, long_factor, of_cache)
 CROSS JOIN LATERAL (VALUES
        ('standard', 1,                                  true),
        ('batch',    0.5,                                m.cached),
        ('flex',     CASE WHEN m.flex THEN 0.5 END,      m.cached),
        ('priority', CASE WHEN m.priority THEN 1.8 END,  true)) s (service_tier, factor, of_cache)
 CROSS JOIN (VALUES (0), (200000)) b (above)
 WHERE p.provider = 'gemini' AND t.usd IS NOT NULL AND s.factor IS NOT NULL AND (b.above = 0 OR m.long)
   AND (s.of_cache OR NOT t.of_cache)
   AND (b.above > 0 OR s.service_tier <> 'standard' OR t.usage_type NOT IN ('input', 'cached_input', 'output'));

INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, service_tier, usd_per_million, shipped)
SELECT p.provider, p.model, p.valid_from, 'input_image', r.service_tier, r.usd, true
  FROM helix.model_prices p
 CROSS JOIN (VALUES ('standard', 0.45), ('batch', 0.225)) r (service_tier, usd)
 WHERE p.provider = 'gemini' AND p.model = 'gemini-embedding-2';

-- Fees for searches and fetches, in USD per million: 10 USD per 1,000 is 10000. Allowances that are free are not deducted.
--   anthropic  a search costs 10 USD per 1,000; a fetch is known to cost its tokens only, which was not read anew.
--   openai     10 USD per 1,000 calls, and the tokens. The older preview tool costs 25 at models that don't reason, as it did
--              before; since when 10 holds for all is not known.
--   gemini     14 USD per 1,000 queries; before Gemini 3 it was 35 USD per 1,000 prompts, whatever the number of queries.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, usd_per_million, shipped)
SELECT p.provider, p.model, min(p.valid_from), r.usage_type, r.usd, true
  FROM helix.model_prices p
  JOIN (VALUES
        ('anthropic', 'claude-.+',          'web_search', 10000),
        ('anthropic', 'claude-.+',          'web_fetch',  0),
        ('openai',    '(gpt-[4-9]|o\d).*',  'web_search', 10000),
        ('gemini',    'gemini-2\..+',       'web_search', 35000),
        ('gemini',    'gemini-[34][.-].+',  'web_search', 14000)) r (provider, models, usage_type, usd)
    ON r.provider = p.provider AND p.model ~ ('^' || r.models || '$') AND p.model !~ 'transcribe|gpt-image|2\.5-flash-image'
 GROUP BY p.provider, p.model, r.usage_type, r.usd;

-- DeepSeek. From 2026-08-16 16:00 UTC on, 01:00 to 04:00 and 06:00 to 10:00 UTC cost twice the price: at first on all days, from
-- 2026-08-22 16:00 UTC on from Monday to Friday only. China's public holidays are off-peak since a revision of 2026-09-19.
-- Those of 2026 that fall on such days are here: 2026-09-25 and 2026-10-01 to 07, by Beijing time. Later ones are not.
INSERT INTO helix.model_price_rates (provider, model, valid_from, usage_type, week_hours, usd_per_million, shipped)
SELECT p.provider, p.model, greatest(p.valid_from, h.starts), t.usage_type, h.week_hours,
       pg_catalog.trim_scale(t.usd * h.factor), true
  FROM (SELECT *, lead(valid_from, 1, 'infinity') OVER (PARTITION BY model ORDER BY valid_from) AS ends
          FROM helix.model_prices WHERE provider = 'deepseek') p
  JOIN (SELECT d.week_hours, k.starts, k.ends, k.factor
          FROM (VALUES
                ('weekdays', '{[1,4),[6,10),[25,28),[30,34),[49,52),[54,58),[73,76),[78,82),[97,100),[102,106)}'::int4multirange),
                ('weekends', '{[121,124),[126,130),[145,148),[150,154)}')) d (days, week_hours)
          JOIN (VALUES
                ('weekdays', '2026-08-16 16:00:00+00'::timestamptz, '2026-09-24 16:00:00+00'::timestamptz, 2),
                ('weekdays', '2026-09-24 16:00:00+00', '2026-09-25 16:00:00+00', NULL),
                ('weekdays', '2026-09-25 16:00:00+00', '2026-09-30 16:00:00+00', 2),
                ('weekdays', '2026-09-30 16:00:00+00', '2026-10-07 16:00:00+00', NULL),
                ('weekdays', '2026-10-07 16:00:00+00', 'infinity',               2),
                ('weekends', '2026-08-16 16:00:00+00', '2026-08-22 16:00:00+00', 2),
                ('weekends', '2026-08-22 16:00:00+00', 'infinity',               NULL)) k (days, starts, ends, factor)
         USING (days)) h
    ON p.valid_from < h.ends AND h.starts < p.ends AND (h.factor IS NOT NULL OR p.valid_from < h.starts)
 CROSS JOIN LATERAL (VALUES
        ('input',        p.input_usd_per_mtok),
        ('cached_input', p.cached_input_usd_per_mtok),
        ('output',       p.output_usd_per_mtok)) t (usage_type, usd);
