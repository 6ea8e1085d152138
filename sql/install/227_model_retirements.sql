-- When providers stop serving models. Of each the day stands in the sources of 210_model_prices.sql.
CREATE TABLE helix.model_retirements (
    provider   text    NOT NULL CHECK (provider <> '' AND pg_catalog.length(provider) <= 200),
    model      text    NOT NULL CHECK (model <> '' AND pg_catalog.length(model) <= 200),
    retires_on date    NOT NULL CHECK (pg_catalog.isfinite(retires_on)),
    successor  text    CHECK (successor <> '' AND pg_catalog.length(successor) <= 200),
    shipped    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (provider, model)
);
COMMENT ON TABLE helix.model_retirements IS
    'The days on which models retire. Recommendations name them to users who run such a model. Add rows for your own. Prices are '
    'not changed by it.';
COMMENT ON COLUMN helix.model_retirements.provider IS 'As in helix.model_prices';
COMMENT ON COLUMN helix.model_retirements.model IS 'As in helix.model_prices';
COMMENT ON COLUMN helix.model_retirements.retires_on IS 'The first UTC day on which the provider no longer serves it';
COMMENT ON COLUMN helix.model_retirements.successor IS 'The model that the provider names instead; null: none is known';
COMMENT ON COLUMN helix.model_retirements.shipped IS 'True while the row is as helix shipped it. Such rows are not dumped.';

INSERT INTO helix.model_retirements (provider, model, retires_on, successor, shipped) VALUES
    ('anthropic', 'claude-sonnet-4-5', '2026-11-30', NULL,                    true),
    ('gemini',    'gemini-2.5-pro',    '2026-12-01', 'gemini-3.8-flash',      true),
    ('gemini',    'gemini-2.5-flash',  '2026-12-01', 'gemini-3.5-flash-lite', true),
    ('openai',    'gpt-5',             '2026-12-11', NULL,                    true),
    ('openai',    'gpt-5-mini',        '2026-12-11', NULL,                    true),
    ('openai',    'gpt-5-nano',        '2026-12-11', NULL,                    true),
    ('openai',    'o3',                '2026-12-11', NULL,                    true),
    ('openai',    'gpt-4o',            '2027-01-14', NULL,                    true),
    ('openai',    'gpt-4o-mini',       '2027-01-14', NULL,                    true),
    ('openai',    'gpt-4.1',           '2027-01-14', NULL,                    true),
    ('openai',    'gpt-4.1-mini',      '2027-01-14', NULL,                    true);

CREATE TRIGGER shipped_row BEFORE INSERT OR UPDATE ON helix.model_retirements
    FOR EACH ROW EXECUTE FUNCTION helix_internal.shipped_row('provider', 'model');
CREATE TRIGGER check_bounds BEFORE INSERT OR UPDATE ON helix.model_retirements
    FOR EACH ROW EXECUTE FUNCTION helix_internal.check_bounds('provider text 200', 'model text 200', 'successor text 200');

SELECT pg_catalog.pg_extension_config_dump('helix.model_retirements', 'WHERE NOT shipped');

INSERT INTO helix_internal.api_grants (audience, privilege) VALUES
    ('authenticated', 'SELECT ON helix.model_retirements'),
    ('service', 'INSERT, UPDATE, DELETE ON helix.model_retirements');
