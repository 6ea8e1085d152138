// The budgets that apply to the user, and how much of each is used.
import type { Budget } from '../dashboard';
import { exactUsd, usd } from '../decimal';
import { none, percent } from '../format';
import { CsvButton } from './csv_button';
import { Section } from './section';

export function scopeOf(budget: Budget): string {
    return budget.dimension_key === null
        ? (budget.group_name ?? budget.operation_id ?? 'everything')
        : `${budget.dimension_key} ${budget.dimension_value}`;
}

const classes = { ok: 'good', warning: 'fair', exceeded: 'poor' } as const;
const words = { ok: 'within', warning: 'near its limit', exceeded: 'used up' } as const;

const heading = [
    'scope',
    'operation_id',
    'group_name',
    'dimension_key',
    'dimension_value',
    'period',
    'period_start',
    'period_end',
    'limit_usd',
    'spent_usd',
    'reserved_usd',
    'remaining_usd',
    'percent_used',
    'level',
] as const;

function Money({ amount }: { amount: string }) {
    return <span title={exactUsd(amount)}>{usd(amount)}</span>;
}

export function Budgets({ budgets }: { budgets: Budget[] }) {
    if (budgets.length === 0) {
        return null;
    }
    const rows = budgets.map(budget => heading.map(column => budget[column]));
    return (
        <Section id="budgets" title="Budgets" actions={<CsvButton name="budgets" heading={[...heading]} rows={rows} />}>
            <div class="scroll" tabIndex={0} role="region" aria-label="Budgets: table">
                <table id="budgets">
                    <thead>
                        <tr>
                            <th scope="col" class="name">
                                Of
                            </th>
                            <th scope="col" class="name">
                                Period
                            </th>
                            <th scope="col">Limit</th>
                            <th scope="col">Spent</th>
                            <th scope="col">Reserved</th>
                            <th scope="col">Left</th>
                            <th scope="col">Used</th>
                            <th scope="col" class="name">
                                State
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {budgets.map(budget => (
                            <tr key={budget.budget_id}>
                                <th scope="row" class="name">
                                    {scopeOf(budget)}
                                </th>
                                <td class="name">
                                    {budget.period}, {budget.time_zone}
                                </td>
                                <td>
                                    <Money amount={budget.limit_usd} />
                                </td>
                                <td>
                                    <Money amount={budget.spent_usd} />
                                </td>
                                <td>
                                    <Money amount={budget.reserved_usd} />
                                </td>
                                <td>
                                    <Money amount={budget.remaining_usd} />
                                </td>
                                <td>{budget.percent_used === null ? none : percent(budget.percent_used)}</td>
                                <td class={`name ${classes[budget.level]}`}>{words[budget.level]}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Section>
    );
}
