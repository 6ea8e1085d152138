// The operations by category: which model each uses, what it may cost in a month, and whether it is on.
import { exactUsd } from '../decimal';
import { type Change, type OperationSetting, type PricedModel, operationChange } from '../settings';
import type { Saving } from '../use_settings';
import { providersOf, titleOf } from './model_cards';
import { Saved } from './saved';
import { Section } from './section';

const categories: Record<string, string> = {
    email: 'Email',
    calendar: 'Calendar',
    task: 'Tasks',
    analytics: 'Analytics',
};

function categoryOf({ operation_id }: OperationSetting): string {
    return categories[operation_id.split('-')[0] ?? ''] ?? 'Others';
}

function ModelOptions({ models, chosen }: { models: PricedModel[]; chosen: string | null }) {
    const isListed = chosen === null || models.some(({ model, provider }) => model === chosen || provider === chosen);
    return (
        <>
            <option value="">No preference</option>
            {isListed ? null : <option value={chosen}>{chosen}</option>}
            {providersOf(models).map(provider => (
                <optgroup key={provider} label={titleOf(provider)}>
                    <option value={provider}>Any of {titleOf(provider)}</option>
                    {models
                        .filter(model => model.provider === provider)
                        .map(({ model }) => (
                            <option key={model} value={model}>
                                {model}
                            </option>
                        ))}
                </optgroup>
            ))}
        </>
    );
}

interface RowProps {
    row: OperationSetting;
    models: PricedModel[];
    savings: ReadonlyMap<string, Saving>;
    onChange: (change: Change) => void;
}

const levels = { ok: '', warning: 'fair', exceeded: 'poor' } as const;

function Row({ row, models, savings, onChange }: RowProps) {
    const id = row.operation_id;
    return (
        <li class="operation" data-operation={id}>
            <div class="about">
                <h4>{row.name}</h4>
                <p class="note">{row.description}</p>
            </div>
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    name="enabled"
                    aria-label={`${row.name}: on`}
                    checked={row.enabled}
                    onChange={event => onChange(operationChange(id, 'enabled', event.currentTarget.checked))}
                />
                <span aria-hidden="true">{row.enabled ? 'On' : 'Off'}</span>
            </label>
            <label>
                <span>Model</span>
                <select
                    name="preferred_model"
                    aria-label={`${row.name}: model`}
                    value={row.preferred_model ?? ''}
                    onChange={event =>
                        onChange(operationChange(id, 'preferred_model', event.currentTarget.value || null))
                    }
                >
                    <ModelOptions models={models} chosen={row.preferred_model} />
                </select>
            </label>
            <label>
                <span>USD a month</span>
                <input
                    type="text"
                    inputMode="decimal"
                    name="cost_budget_monthly"
                    aria-label={`${row.name}: USD a month`}
                    placeholder="no limit"
                    value={row.cost_budget_monthly ?? ''}
                    onChange={event =>
                        onChange(operationChange(id, 'cost_budget_monthly', event.currentTarget.value.trim() || null))
                    }
                />
            </label>
            <div class="outcome">
                {row.spent_usd === null || row.cost_budget_monthly === null ? null : (
                    <span class={`note ${levels[row.level ?? 'ok']}`} data-figure="spent">
                        {exactUsd(row.spent_usd)} spent this month
                    </span>
                )}
                {(['enabled', 'preferred_model', 'cost_budget_monthly'] as const).map(field => (
                    <Saved key={field} field={`${id}.${field}`} savings={savings} />
                ))}
            </div>
        </li>
    );
}

interface OperationSettingsProps {
    operations: OperationSetting[];
    models: PricedModel[];
    savings: ReadonlyMap<string, Saving>;
    onChange: (change: Change) => void;
}

export function OperationSettings({ operations, models, savings, onChange }: OperationSettingsProps) {
    const found = new Set(operations.map(categoryOf));
    const names = [...Object.values(categories), 'Others'].filter(name => found.has(name));
    return (
        <Section id="operations" title="Operations">
            {names.map(name => (
                <section key={name} class="category" aria-label={name}>
                    <h3>{name}</h3>
                    <ul>
                        {operations
                            .filter(row => categoryOf(row) === name)
                            .map(row => (
                                <Row
                                    key={row.operation_id}
                                    row={row}
                                    models={models}
                                    savings={savings}
                                    onChange={onChange}
                                />
                            ))}
                    </ul>
                </section>
            ))}
        </Section>
    );
}
