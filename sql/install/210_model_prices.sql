-- Shipped prices: list prices in USD per million tokens, standard tier (not batch, not priority), shortest prompt band.
-- What else a model costs stands in 215_model_rates.sql.
-- Sources, each read on the day given in brackets:
--   anthropic  https://platform.claude.com/docs/en/about-claude/pricing           (2026-10-03; all but Haiku 5.5 and Fable 5.2)
--   anthropic  https://platform.claude.com/docs/en/release-notes/overview         (2026-11-12; Claude Fable 5.2 input and output)
--   anthropic  https://github.com/archid21/rightsize/releases/tag/v0.10.2         (2026-11; Fable 5.2 cache read)
--   anthropic  https://github.com/kurofune/claudit/releases/tag/v1.9.2            (2026-10-24; Haiku 5.5, Sonnet 5.5 cache read)
--   anthropic  https://platform.claude.com/docs/en/models/sonnet-5/overview       (2026-10; release dates, one such page per model)
--   openai     https://developers.openai.com/api/docs/pricing                     (2026-10-03)
--   openai     https://github.com/TheKrush/PromptFuel/releases                    (2026-10-27; GPT-5.6, 6 and 6.1, effective dates)
--   openai     https://developers.openai.com/api/docs/deprecations                (2026-10/11; which ids are still served)
--   gemini     https://ai.google.dev/gemini-api/docs/pricing                      (2026-10-03; 2.5 Pro, 2.5 Flash also 2025-10-08)
--   gemini     https://ai.google.dev/gemini-api/docs/deprecations                 (2026-09/11; release and shutdown dates)
--   deepseek   https://api-docs.deepseek.com/quick_start/pricing                  (2026-11-15; earlier rates 2026-08-13 and after)
--   deepseek   https://github.com/anomalyco/opencode/issues/29008                 (2026-05-22; rates from launch to May 2026)
--   anthropic  https://platform.claude.com/docs/en/about-claude/pricing           (2026-09; Opus 4 and 4.1, Sonnet 4, Mythos)
--   openai     https://github.com/anuran-roy/unified-llm-pricing                  (2026-09-13, pricing page; o1, pro, mini, nano)
--   openai     https://github.com/pydantic/genai-prices                           (2026-08-21; embeddings, audio, images)
--   openai     https://github.com/BerriAI/litellm, its model_prices_and_context_window.json  (2026-07-24; codex models)
--   openai     https://github.com/iyulab/TokenMeter/releases/tag/v0.17.0          (2026-11; GPT-6.2, Gemini 4)
--   openai     https://docs.laozhang.ai/en/announcements/gpt-6-2-2026-11.md       (2026-11-18; GPT-6.2, release day)
--   gemini     https://github.com/BerriAI/litellm/discussions/46238               (2026-10; Gemini 4 Argon, price and its end)
--   gemini     https://docs.laozhang.ai/announcements/gemini-4-argon-2026-10.md   (2026-10 and 11; release days of Gemini 4)
--   gemini     https://github.com/pydantic/genai-prices                           (2026-08-21; 2.0, embeddings, images)
--   all        https://github.com/anomalyco/models.dev                            (2026-07-02; release days without another source)
--   The 2026-10-03 readings of anthropic, openai and gemini are those recorded in https://github.com/SergeevDmitry/llm-kit
-- Notes, general:
--   valid_from is the release day, or the day of the last price change; from there the price is taken to hold until a later row.
--   Cache storage and regional surcharges are not part of these prices.
--   A model without a cached price has its input price there. An embedding model writes no tokens: its output costs 0.
--   Announced future prices and promotions' ends are noted here and not shipped as rows.
-- Notes, anthropic:
--   claude-sonnet-5-5: cache reads cut from 0.20 to 0.10 on 2026-10-07.
--   claude-fable-5-2, claude-fable-5-1, claude-opus-5-5: cache reads cost 0.025, 0.025 and 0.05 times the input price, not 0.1.
--   claude-sonnet-5: 2 / 10 began as an introductory rate and is now the standard price; the rise to 3 / 15 was canceled.
--   claude-sonnet-4-5: deprecated, retires 2026-11-30.
--   claude-opus-4, claude-opus-4-1, claude-sonnet-4: retired, except at some clouds.
--   claude-mythos-5, claude-mythos-5-1: of limited availability. They are taken to have been released with Fable 5 and 5.1.
-- Notes, openai:
--   gpt-5.6-sol: 4 / 0.40 / 20 is promotional, published as lasting at least through 2026-11-21; before it 5 / 0.50 / 30.
--     Nothing read by 2026-11-27 says that it has ended.
--   gpt-5.6-terra, gpt-5.6-luna: cut on 2026-07-30.
--   gpt-5, gpt-5-mini, gpt-5-nano, o3: shut down 2026-12-11.  gpt-4o, gpt-4o-mini, gpt-4.1, gpt-4.1-mini: shut down 2027-01-14.
--   o3: valid_from is the day of its 80 % price cut.
--   gpt-4o: valid_from is the day the id moved to gpt-4o-2024-08-06; gpt-4o-mini: the day its cached price was introduced.
--   gpt-4o-2024-05-13: this dated id kept its price, so it has a row of its own.
--   gpt-3.5-turbo: valid_from is the day of gpt-3.5-turbo-0125, which cut the price; text-embedding-ada-002: of its last price cut.
--   gpt-realtime-2.1, gpt-realtime-2.1-mini: valid_from is the day on which the price was first read.
--   gpt-audio, gpt-realtime, gpt-image and their mini models: valid_from is the date in their first dated id, where they have one.
--   gpt-audio-1.5: taken to have been released with gpt-realtime-1.5. gpt-4o-transcribe, gpt-4o-mini-transcribe: dated 2025-03-20
--     by the id gpt-4o-mini-transcribe-2025-03-20.
--   o1, o3-mini, gpt-4-turbo, codex models: valid_from is the announcement; the API followed within weeks.
--   gpt-image-1, gpt-image-1-mini, gpt-image-2: they write images only, so their output is priced as images.
-- Notes, gemini:
--   gemini-4-argon, gemini-4-carbon: introductory through 2026-11-30; the list price from 2026-12-01 is 4 / 0.20 cached / 20.
--     Carbon's cached price is taken from Argon, whose other prices it shares.
--   gemini-3.6-flash, 3.7-flash, 3.8-flash: promotional through 2026-12-31; the list price from 2027-01-01 is
--     1.50 / 0.15 cached / 7.50.
--   gemini-3.6-flash: the promotional price is first documented on 2026-09-02; it began after 2026-08-05.
--   gemini-3-pro-image, gemini-3.1-flash-image: valid_from is the release day of the preview, which had the same price.
--   gemini-embedding-2: its video input costs 12, which no type of usage counts. It is counted as input.
--   gemini-2.0-flash, 2.0-flash-lite: shut down 2026-06-01. gemini-embedding-001: valid_from is its general availability.
--   gemini-2.5-pro, 2.5-flash, 2.5-flash-lite: valid_from is the earliest documented day of the price with the lower cached rate
--     (for 2.5-flash-lite the cached rate was first read on 2026-10-03); input and output have not changed since mid-2025.
--   gemini-2.5-pro and gemini-2.5-flash: shut down 2026-12-01. Then gemini-3.8-flash and gemini-3.5-flash-lite serve them at
--     their own rates.
-- Notes, deepseek:
--   From 2026-08-16 16:00 UTC prices have two bands by time of day; the rows hold the off-peak band.
--   deepseek-v4-flash and deepseek-v4-flash-vision-exp are older names, billed as deepseek-flash from 2026-09-10 Beijing time.
--   deepseek-v4-pro: a routing to deepseek-flash at its price was announced for 2026-09-14. Pages dated later list the model at
--     its own price without that notice, so its own price stands.  2026-04-26: limited-time 75 % discount, made permanent on
--     2026-05-22.
--   deepseek-chat and deepseek-reasoner are no longer accepted since 2026-07-24 15:59 UTC and have no row.
INSERT INTO helix.model_prices
    (provider, model, valid_from, input_usd_per_mtok, cached_input_usd_per_mtok, output_usd_per_mtok, shipped) VALUES
  ('anthropic', 'claude-fable-5-2',              '2026-11-09 00:00:00+00',  8,    0.20,     40,    true),
  ('anthropic', 'claude-fable-5-1',              '2026-09-01 00:00:00+00', 10,    0.25,     50,    true),
  ('anthropic', 'claude-fable-5',                '2026-06-09 00:00:00+00', 10,    1,        50,    true),
  ('anthropic', 'claude-mythos-5-1',             '2026-09-01 00:00:00+00', 10,    0.25,     50,    true),
  ('anthropic', 'claude-mythos-5',               '2026-06-09 00:00:00+00', 10,    1,        50,    true),
  ('anthropic', 'claude-opus-5-5',               '2026-09-22 00:00:00+00',  4,    0.20,     20,    true),
  ('anthropic', 'claude-opus-5',                 '2026-07-24 00:00:00+00',  5,    0.50,     25,    true),
  ('anthropic', 'claude-opus-4-8',               '2026-05-28 00:00:00+00',  5,    0.50,     25,    true),
  ('anthropic', 'claude-opus-4-7',               '2026-04-16 00:00:00+00',  5,    0.50,     25,    true),
  ('anthropic', 'claude-opus-4-6',               '2026-02-05 00:00:00+00',  5,    0.50,     25,    true),
  ('anthropic', 'claude-opus-4-5',               '2025-11-24 00:00:00+00',  5,    0.50,     25,    true),
  ('anthropic', 'claude-opus-4-1',               '2025-08-05 00:00:00+00', 15,    1.50,     75,    true),
  ('anthropic', 'claude-opus-4',                 '2025-05-22 00:00:00+00', 15,    1.50,     75,    true),
  ('anthropic', 'claude-sonnet-5-5',             '2026-09-28 00:00:00+00',  2,    0.20,     10,    true),
  ('anthropic', 'claude-sonnet-5-5',             '2026-10-07 00:00:00+00',  2,    0.10,     10,    true),
  ('anthropic', 'claude-sonnet-5',               '2026-06-30 00:00:00+00',  2,    0.20,     10,    true),
  ('anthropic', 'claude-sonnet-4-6',             '2026-02-17 00:00:00+00',  3,    0.30,     15,    true),
  ('anthropic', 'claude-sonnet-4-5',             '2025-09-29 00:00:00+00',  3,    0.30,     15,    true),
  ('anthropic', 'claude-sonnet-4',               '2025-05-22 00:00:00+00',  3,    0.30,     15,    true),
  ('anthropic', 'claude-haiku-5-5',              '2026-10-07 00:00:00+00',  0.10, 0.01,      0.50, true),
  ('anthropic', 'claude-haiku-4-5',              '2025-10-15 00:00:00+00',  1,    0.10,      5,    true),
  ('openai',    'gpt-6.2-astra',                 '2026-11-17 00:00:00+00',  8,    0.40,     40,    true),
  ('openai',    'gpt-6.2-sol',                   '2026-11-17 00:00:00+00',  2,    0.10,     10,    true),
  ('openai',    'gpt-6.1-sol',                   '2026-09-29 00:00:00+00',  2,    0.10,     10,    true),
  ('openai',    'gpt-6.1-terra',                 '2026-10-26 00:00:00+00',  1,    0.05,      5,    true),
  ('openai',    'gpt-6-astra',                   '2026-09-03 00:00:00+00', 10,    1,        50,    true),
  ('openai',    'gpt-6-sol',                     '2026-09-22 00:00:00+00',  2,    0.20,     10,    true),
  ('openai',    'gpt-6-luna',                    '2026-09-22 00:00:00+00',  0.10, 0.01,      0.50, true),
  ('openai',    'gpt-5.6-sol',                   '2026-07-09 00:00:00+00',  5,    0.50,     30,    true),
  ('openai',    'gpt-5.6-sol',                   '2026-08-21 00:00:00+00',  4,    0.40,     20,    true),
  ('openai',    'gpt-5.6-terra',                 '2026-07-09 00:00:00+00',  2.50, 0.25,     15,    true),
  ('openai',    'gpt-5.6-terra',                 '2026-07-30 00:00:00+00',  2,    0.20,     12,    true),
  ('openai',    'gpt-5.6-luna',                  '2026-07-09 00:00:00+00',  1,    0.10,      6,    true),
  ('openai',    'gpt-5.6-luna',                  '2026-07-30 00:00:00+00',  0.20, 0.02,      1.20, true),
  ('openai',    'gpt-5.5',                       '2026-04-23 00:00:00+00',  5,    0.50,     30,    true),
  ('openai',    'gpt-5.5-pro',                   '2026-04-23 00:00:00+00', 30,   30,       180,    true),
  ('openai',    'gpt-5.4',                       '2026-03-05 00:00:00+00',  2.50, 0.25,     15,    true),
  ('openai',    'gpt-5.4-pro',                   '2026-03-05 00:00:00+00', 30,   30,       180,    true),
  ('openai',    'gpt-5.4-mini',                  '2026-03-17 00:00:00+00',  0.75, 0.075,     4.50, true),
  ('openai',    'gpt-5.4-nano',                  '2026-03-17 00:00:00+00',  0.20, 0.02,      1.25, true),
  ('openai',    'gpt-5.3-codex',                 '2026-02-05 00:00:00+00',  1.75, 0.175,    14,    true),
  ('openai',    'gpt-5.2-codex',                 '2025-12-11 00:00:00+00',  1.75, 0.175,    14,    true),
  ('openai',    'gpt-5.2',                       '2025-12-11 00:00:00+00',  1.75, 0.175,    14,    true),
  ('openai',    'gpt-5.2-pro',                   '2025-12-11 00:00:00+00', 21,    21,      168,    true),
  ('openai',    'gpt-5.1-codex-max',             '2025-11-13 00:00:00+00',  1.25, 0.125,    10,    true),
  ('openai',    'gpt-5.1',                       '2025-11-13 00:00:00+00',  1.25, 0.125,    10,    true),
  ('openai',    'gpt-5.1-codex',                 '2025-11-13 00:00:00+00',  1.25, 0.125,    10,    true),
  ('openai',    'gpt-5.1-codex-mini',            '2025-11-13 00:00:00+00',  0.25, 0.025,     2,    true),
  ('openai',    'gpt-5',                         '2025-08-07 00:00:00+00',  1.25, 0.125,    10,    true),
  ('openai',    'gpt-5-mini',                    '2025-08-07 00:00:00+00',  0.25, 0.025,     2,    true),
  ('openai',    'gpt-5-nano',                    '2025-08-07 00:00:00+00',  0.05, 0.005,     0.40, true),
  ('openai',    'gpt-5-pro',                     '2025-10-06 00:00:00+00', 15,    15,      120,    true),
  ('openai',    'gpt-5-codex',                   '2025-09-15 00:00:00+00',  1.25, 0.125,    10,    true),
  ('openai',    'o4-mini',                       '2025-04-16 00:00:00+00',  1.10, 0.275,     4.40, true),
  ('openai',    'o3-pro',                        '2025-06-10 00:00:00+00', 20,    20,       80,    true),
  ('openai',    'o3',                            '2025-06-10 00:00:00+00',  2,    0.50,      8,    true),
  ('openai',    'o3-mini',                       '2024-12-20 00:00:00+00',  1.10, 0.55,      4.40, true),
  ('openai',    'o1',                            '2024-12-05 00:00:00+00', 15,    7.50,     60,    true),
  ('openai',    'gpt-4.1',                       '2025-04-14 00:00:00+00',  2,    0.50,      8,    true),
  ('openai',    'gpt-4.1-mini',                  '2025-04-14 00:00:00+00',  0.40, 0.10,      1.60, true),
  ('openai',    'gpt-4.1-nano',                  '2025-04-14 00:00:00+00',  0.10, 0.025,     0.40, true),
  ('openai',    'gpt-4o',                        '2024-10-02 00:00:00+00',  2.50, 1.25,     10,    true),
  ('openai',    'gpt-4o-mini',                   '2024-10-01 00:00:00+00',  0.15, 0.075,     0.60, true),
  ('openai',    'gpt-4o-2024-05-13',             '2024-05-13 00:00:00+00',  5,    5,        15,    true),
  ('openai',    'gpt-4-turbo',                   '2023-11-06 00:00:00+00', 10,    10,       30,    true),
  ('openai',    'gpt-3.5-turbo',                 '2024-01-25 00:00:00+00',  0.50, 0.50,      1.50, true),
  ('openai',    'gpt-realtime-2',                '2026-05-07 00:00:00+00',  4,    0.40,     24,    true),
  ('openai',    'gpt-realtime-2.1',              '2026-07-22 00:00:00+00',  4,    0.40,     24,    true),
  ('openai',    'gpt-realtime-2.1-mini',         '2026-07-22 00:00:00+00',  0.60, 0.06,      2.40, true),
  ('openai',    'gpt-realtime-1.5',              '2026-02-23 00:00:00+00',  4,    0.40,     16,    true),
  ('openai',    'gpt-realtime-mini',             '2025-10-06 00:00:00+00',  0.60, 0.06,      2.40, true),
  ('openai',    'gpt-realtime',                  '2025-08-28 00:00:00+00',  4,    0.40,     16,    true),
  ('openai',    'gpt-audio-1.5',                 '2026-02-23 00:00:00+00',  2.50, 2.50,     10,    true),
  ('openai',    'gpt-audio-mini',                '2025-10-06 00:00:00+00',  0.60, 0.60,      2.40, true),
  ('openai',    'gpt-audio',                     '2025-08-28 00:00:00+00',  2.50, 2.50,     10,    true),
  ('openai',    'gpt-4o-transcribe',             '2025-03-20 00:00:00+00',  2.50, 2.50,     10,    true),
  ('openai',    'gpt-4o-mini-transcribe',        '2025-03-20 00:00:00+00',  1.25, 1.25,      5,    true),
  ('openai',    'gpt-image-2',                   '2026-04-21 00:00:00+00',  5,    1.25,     30,    true),
  ('openai',    'gpt-image-1.5',                 '2025-12-16 00:00:00+00',  5,    1.25,     10,    true),
  ('openai',    'gpt-image-1-mini',              '2025-10-06 00:00:00+00',  2,    0.20,      8,    true),
  ('openai',    'gpt-image-1',                   '2025-04-24 00:00:00+00',  5,    1.25,     40,    true),
  ('openai',    'text-embedding-3-large',        '2024-01-25 00:00:00+00',  0.13, 0.13,      0,    true),
  ('openai',    'text-embedding-3-small',        '2024-01-25 00:00:00+00',  0.02, 0.02,      0,    true),
  ('openai',    'text-embedding-ada-002',        '2023-06-13 00:00:00+00',  0.10, 0.10,      0,    true),
  ('gemini',    'gemini-4-neon',                 '2026-11-18 00:00:00+00',  3,    0.15,     15,    true),
  ('gemini',    'gemini-4-hydrogen',             '2026-11-12 00:00:00+00',  1.50, 0.075,     7.50, true),
  ('gemini',    'gemini-4-carbon',               '2026-11-10 00:00:00+00',  2,    0.10,     10,    true),
  ('gemini',    'gemini-4-carbon',               '2026-12-01 00:00:00+00',  4,    0.20,     20,    true),
  ('gemini',    'gemini-4-argon',                '2026-09-30 00:00:00+00',  2,    0.10,     10,    true),
  ('gemini',    'gemini-4-argon',                '2026-12-01 00:00:00+00',  4,    0.20,     20,    true),
  ('gemini',    'gemini-3.8-flash',              '2026-09-02 00:00:00+00',  0.75, 0.075,     3.75, true),
  ('gemini',    'gemini-3.8-flash',              '2027-01-01 00:00:00+00',  1.50, 0.15,      7.50, true),
  ('gemini',    'gemini-3.7-flash',              '2026-08-13 00:00:00+00',  0.75, 0.075,     3.75, true),
  ('gemini',    'gemini-3.7-flash',              '2027-01-01 00:00:00+00',  1.50, 0.15,      7.50, true),
  ('gemini',    'gemini-3.6-flash',              '2026-07-21 00:00:00+00',  1.50, 0.15,      7.50, true),
  ('gemini',    'gemini-3.6-flash',              '2026-09-02 00:00:00+00',  0.75, 0.075,     3.75, true),
  ('gemini',    'gemini-3.6-flash',              '2027-01-01 00:00:00+00',  1.50, 0.15,      7.50, true),
  ('gemini',    'gemini-3.5-flash',              '2026-05-19 00:00:00+00',  1.50, 0.15,      9,    true),
  ('gemini',    'gemini-3.5-flash-lite',         '2026-07-21 00:00:00+00',  0.30, 0.03,      2.50, true),
  ('gemini',    'gemini-3.1-pro-preview',        '2026-02-19 00:00:00+00',  2,    0.20,     12,    true),
  ('gemini',    'gemini-3.1-flash-lite',         '2026-05-07 00:00:00+00',  0.25, 0.025,     1.50, true),
  ('gemini',    'gemini-3.1-flash-lite-preview', '2026-03-03 00:00:00+00',  0.25, 0.025,     1.50, true),
  ('gemini',    'gemini-3.1-flash-image',        '2026-02-26 00:00:00+00',  0.50, 0.50,      3,    true),
  ('gemini',    'gemini-3.1-flash-image-preview', '2026-02-26 00:00:00+00',  0.50, 0.50,      3,    true),
  ('gemini',    'gemini-3-flash-preview',        '2025-12-17 00:00:00+00',  0.50, 0.05,      3,    true),
  ('gemini',    'gemini-3-pro-preview',          '2025-11-18 00:00:00+00',  2,    0.20,     12,    true),
  ('gemini',    'gemini-3-pro-image',            '2025-11-20 00:00:00+00',  2,    2,        12,    true),
  ('gemini',    'gemini-3-pro-image-preview',    '2025-11-20 00:00:00+00',  2,    2,        12,    true),
  ('gemini',    'gemini-2.5-pro',                '2025-10-08 00:00:00+00',  1.25, 0.125,    10,    true),
  ('gemini',    'gemini-2.5-flash',              '2025-10-08 00:00:00+00',  0.30, 0.03,      2.50, true),
  ('gemini',    'gemini-2.5-flash-lite',         '2025-10-08 00:00:00+00',  0.10, 0.01,      0.40, true),
  ('gemini',    'gemini-2.5-flash-image',        '2025-08-26 00:00:00+00',  0.30, 0.30,      2.50, true),
  ('gemini',    'gemini-2.0-flash',              '2024-12-11 00:00:00+00',  0.10, 0.025,     0.40, true),
  ('gemini',    'gemini-2.0-flash-lite',         '2024-12-11 00:00:00+00',  0.075, 0.075,     0.30, true),
  ('gemini',    'gemini-embedding-2',            '2026-03-10 00:00:00+00',  0.20, 0.20,      0,    true),
  ('gemini',    'gemini-embedding-001',          '2025-05-20 00:00:00+00',  0.15, 0.15,      0,    true),
  ('deepseek',  'deepseek-flash',                '2026-09-09 16:00:00+00',  0.15, 0.003,     0.60, true),
  ('deepseek',  'deepseek-v4-flash',             '2026-04-26 00:00:00+00',  0.14, 0.0028,    0.28, true),
  ('deepseek',  'deepseek-v4-flash',             '2026-08-16 16:00:00+00',  0.22, 0.007,     0.66, true),
  ('deepseek',  'deepseek-v4-flash',             '2026-09-09 16:00:00+00',  0.15, 0.003,     0.60, true),
  ('deepseek',  'deepseek-v4-flash-vision-exp',  '2026-09-09 16:00:00+00',  0.15, 0.003,     0.60, true),
  ('deepseek',  'deepseek-v4-pro',               '2026-04-24 00:00:00+00',  1.74, 0.145,     3.48, true),
  ('deepseek',  'deepseek-v4-pro',               '2026-04-26 00:00:00+00',  0.435, 0.003625, 0.87, true),
  ('deepseek',  'deepseek-v4-pro',               '2026-08-16 16:00:00+00',  0.66, 0.022,     1.98, true);
