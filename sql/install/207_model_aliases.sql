-- Names: what SDKs, gateways and clouds call models that are in the price list under their own names.
CREATE TABLE helix.model_aliases (
    pattern  text PRIMARY KEY CHECK (pattern <> '' AND pg_catalog.length(pattern) <= 500),
    provider text CHECK (provider <> '' AND pg_catalog.length(provider) <= 200),
    model    text CHECK (model <> '' AND pg_catalog.length(model) <= 200),
    position integer NOT NULL DEFAULT 100,
    shipped  boolean NOT NULL DEFAULT false,
    CONSTRAINT is_a_regular_expression CHECK (('' ~ ('(?i)^(?:' || pattern || ')$')) IS NOT NULL)
);
COMMENT ON TABLE helix.model_aliases IS
    'Rules for names of models, applied in the order of position, then pattern. The first that matches counts. One with a model '
    'rewrites the name, unless the price list has it as it is, and the new name is looked at again, 8 times at most. One with a '
    'provider says who sells it.';
COMMENT ON COLUMN helix.model_aliases.pattern IS
    'A regular expression (PostgreSQL''s) for the whole name, whatever its case. Where a provider was sent beside the name, the '
    'name is looked for as provider/name too.';
COMMENT ON COLUMN helix.model_aliases.provider IS 'Who sells it; null: as the name or the price list says';
COMMENT ON COLUMN helix.model_aliases.model IS 'The name that takes its place, with \1 for the first group; null: the name stays';
COMMENT ON COLUMN helix.model_aliases.position IS
    'Lower ones are tried first. Own rules are at 100, the shipped ones from 1000 on.';
COMMENT ON COLUMN helix.model_aliases.shipped IS 'True while the row is as helix shipped it. Such rows are not dumped.';

INSERT INTO helix.model_aliases (position, pattern, provider, model, shipped) VALUES
    -- Gateways and clouds put words before the name.
    (1000, 'openrouter/(.+)',                                            NULL,        '\1', true),
    (1010, 'models/(.+)',                                                'gemini',    '\1', true),
    (1010, '(?:google|gemini|vertex_ai|vertexai|google_genai|gcp\.(?:gemini|gen_ai|vertex_ai))/(gemini-.+)', 'gemini', '\1', true),
    (1010, '(?:vertex_ai|vertexai|gcp\.vertex_ai)/(claude-.+)',          'anthropic', '\1', true),
    (1010, 'anthropic/(.+)',                                             'anthropic', '\1', true),
    (1010, 'openai/(.+)',                                                'openai',    '\1', true),
    (1010, 'deepseek/(.+)',                                              'deepseek',  '\1', true),
    (1010, '(?:azure|azure_ai|azure\.ai\.openai|azure\.ai\.inference)/(?:(?:us|eu|global|global-standard)/)?(.+)',
                                                                         NULL,        '\1', true),
    (1010, '(?:bedrock|aws\.bedrock|amazon_bedrock)/(?:converse/|invoke/)?(.+)', NULL, '\1', true),
    -- Bedrock: region, seller, version.
    (1020, '(?:(?:us|us-gov|eu|apac|jp|au|ca|sa|global)\.)?anthropic\.(.+?)(?:-v\d+(?::\d+)?)?', 'anthropic', '\1', true),
    (1020, '(?:(?:us|us-gov|eu|apac|jp|au|ca|sa|global)\.)?deepseek\.(.+?)(?:-v\d+(?::\d+)?)?',  'deepseek',  '\1', true),
    (1030, '(claude-(?:opus|sonnet)-4)-0',                               'anthropic', '\1', true),
    (1030, 'gpt-5\.6',                                                   'openai',    'gpt-5.6-sol', true),
    -- Dates and versions at the end.
    (1030, '(.+)@(?:20\d{6}|default|latest)',                            NULL,        '\1', true),
    (1030, '(.+)-20\d\d-?[01]\d-?[0-3]\d',                               NULL,        '\1', true),
    (1030, '(.+)-latest',                                                NULL,        '\1', true),
    (1030, '(gemini-.+)-00\d',                                           NULL,        '\1', true),
    (1030, '(gemini-.+)-preview-\d\d-\d\d(?:\d\d)?',                     NULL,        '\1', true),
    -- Who sells what, also where others sell it too or no price is known yet.
    (2000, 'claude-.+',                                                  'anthropic', NULL, true),
    (2000, '(?:gpt-|chatgpt-|o\d|codex-|text-embedding-|dall-e-|whisper-|tts-|omni-moderation-|sora-).*', 'openai', NULL, true),
    (2000, '(?:gemini|gemma|imagen|veo|text-multilingual-embedding)-.+', 'gemini',    NULL, true),
    (2000, 'deepseek-.+',                                                'deepseek',  NULL, true);

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.model_aliases'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.model_aliases');
