// A card for each provider: its models with today's prices, and how many operations want it.
import type { OperationSetting, PricedModel } from '../settings';
import { compareDecimals } from '../decimal';
import { CsvButton } from './csv_button';
import { Section } from './section';

const titles: Record<string, string> = {
    anthropic: 'Anthropic',
    deepseek: 'DeepSeek',
    gemini: 'Gemini',
    openai: 'OpenAI',
};

export const titleOf = (provider: string): string => titles[provider] ?? provider;

/** The four that helix knows by name come first. */
export function providersOf(models: PricedModel[]): string[] {
    const others = models.map(({ provider }) => provider).filter(provider => !(provider in titles));
    return [...Object.keys(titles), ...new Set(others)];
}

function range(prices: string[]): string {
    const sorted = prices.toSorted(compareDecimals);
    const [first, last] = [sorted[0], sorted.at(-1)];
    return first === undefined ? 'no price' : first === last ? `$${first}` : `$${first} – $${last}`;
}

function Prices({ provider, models }: { provider: string; models: PricedModel[] }) {
    return (
        <details>
            <summary>Prices</summary>
            <div class="scroll" tabIndex={0} role="region" aria-label={`Prices of ${titleOf(provider)}: table`}>
                <table>
                    <thead>
                        <tr>
                            <th scope="col" class="name">
                                Model
                            </th>
                            <th scope="col">Input</th>
                            <th scope="col">Cached</th>
                            <th scope="col">Output</th>
                        </tr>
                    </thead>
                    <tbody>
                        {models.map(model => (
                            <tr key={model.model}>
                                <th scope="row" class="name">
                                    {model.model}
                                </th>
                                <td>${model.input_usd_per_mtok}</td>
                                <td>${model.cached_input_usd_per_mtok}</td>
                                <td>${model.output_usd_per_mtok}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </details>
    );
}

interface ModelCardsProps {
    models: PricedModel[];
    operations: OperationSetting[];
}

export function ModelCards({ models, operations }: ModelCardsProps) {
    const rows = models.map(model => Object.values(model) as string[]);
    return (
        <Section
            id="models"
            title="Models"
            actions={<CsvButton name="prices" heading={Object.keys(models[0] ?? {})} rows={rows} />}
        >
            <p class="note">Prices are USD for a million tokens, in the standard tier, as of now.</p>
            <div class="cards models">
                {providersOf(models).map(provider => {
                    const own = models.filter(model => model.provider === provider);
                    const names = [provider, ...own.map(model => model.model)];
                    const wanted = operations.filter(row => names.includes(row.preferred_model ?? '')).length;
                    return (
                        <article key={provider} class="card" data-provider={provider}>
                            <h3>{titleOf(provider)}</h3>
                            <p>
                                <span data-figure="models">{own.length}</span> models, wanted by{' '}
                                <span data-figure="operations">{wanted}</span>{' '}
                                {wanted === 1 ? 'operation' : 'operations'}
                            </p>
                            <p data-figure="input">input {range(own.map(model => model.input_usd_per_mtok))}</p>
                            <p data-figure="output">output {range(own.map(model => model.output_usd_per_mtok))}</p>
                            <Prices provider={provider} models={own} />
                        </article>
                    );
                })}
            </div>
        </Section>
    );
}
