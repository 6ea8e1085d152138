// What deserves a look before the figures: budgets near their limit, usage without a price, and labels of other dates.
import type { Budget, Dashboard, Unpriced } from '../dashboard';
import { exactUsd } from '../decimal';
import { count } from '../format';
import { scopeOf } from './budgets';
import { CsvButton } from './csv_button';

function BudgetCallout({ budget }: { budget: Budget }) {
    const isPassed = budget.level === 'exceeded';
    return (
        <li class={isPassed ? 'poor' : 'fair'} data-callout="budget" data-level={budget.level}>
            <strong>{isPassed ? 'Budget used up' : 'Budget near its limit'}</strong>: {scopeOf(budget)} spent{' '}
            {exactUsd(budget.spent_usd)} of {exactUsd(budget.limit_usd)} a {budget.period}
            {budget.reserved_usd === '0' ? '' : `, and ${exactUsd(budget.reserved_usd)} are reserved`}.
        </li>
    );
}

/** How many, with the verb that goes with it. */
function executionsWith(executions: number, one: string, many: string): string {
    return `${count(executions)} ${executions === 1 ? `execution ${one}` : `executions ${many}`}`;
}

function UnpricedCallout({ rows }: { rows: Unpriced[] }) {
    const executions = rows.reduce((sum, row) => sum + row.executions, 0);
    const cells = rows.map(row => [
        row.provider,
        row.model,
        row.service_tier,
        row.executions,
        row.input_tokens,
        row.output_tokens,
    ]);
    return (
        <li class="fair" data-callout="unpriced">
            <strong>{executionsWith(executions, 'has', 'have')} no price</strong>: some of their cost is missing below.
            Add a price or an alias, and they are priced.
            <details>
                <summary>Models without a price</summary>
                <div class="scroll" tabIndex={0} role="region" aria-label="Models without a price: table">
                    <table id="unpriced">
                        <thead>
                            <tr>
                                <th scope="col" class="name">
                                    Model
                                </th>
                                <th scope="col" class="name">
                                    Provider
                                </th>
                                <th scope="col" class="name">
                                    Tier
                                </th>
                                <th scope="col">Executions</th>
                                <th scope="col">Input tokens</th>
                                <th scope="col">Output tokens</th>
                            </tr>
                        </thead>
                        <tbody>
                            {rows.map(row => (
                                <tr key={`${row.provider}\n${row.model}\n${row.service_tier}`}>
                                    <th scope="row" class="name">
                                        {row.model}
                                    </th>
                                    <td class="name">{row.provider}</td>
                                    <td class="name">{row.service_tier}</td>
                                    <td>{count(row.executions)}</td>
                                    <td>{count(row.input_tokens)}</td>
                                    <td>{count(row.output_tokens)}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
                <CsvButton
                    name="unpriced"
                    heading={['provider', 'model', 'service_tier', 'executions', 'input_tokens', 'output_tokens']}
                    rows={cells}
                />
            </details>
        </li>
    );
}

export function Callouts({ dashboard }: { dashboard: Dashboard }) {
    const { budgets, unpriced, relabeled, granularity, time_zone, dimension } = dashboard;
    const near = budgets.filter(budget => budget.level !== 'ok');
    const since = dimension?.counted_since ?? null;
    if (near.length + unpriced.length + relabeled.executions === 0 && granularity === 'day' && since === null) {
        return null;
    }
    return (
        <ul class="callouts" aria-label="What deserves a look">
            {near.map(budget => (
                <BudgetCallout key={budget.budget_id} budget={budget} />
            ))}
            {unpriced.length === 0 ? null : <UnpricedCallout rows={unpriced} />}
            {relabeled.executions === 0 ? null : (
                <li data-callout="relabeled">
                    <strong>{executionsWith(relabeled.executions, 'is', 'are')} labeled with another date</strong> than
                    the UTC day of the run, {exactUsd(relabeled.cost_usd)} in all. Here the day of the run counts.
                </li>
            )}
            {granularity === 'day' ? null : (
                <li data-callout="granularity" data-granularity={granularity}>
                    Days are UTC days: finer sums, of which days in {time_zone} could be made, are not kept.
                </li>
            )}
            {since === null ? null : (
                <li data-callout="counted-since">
                    Executions that were recorded before {since.slice(0, 10)} are missing in the dimension.
                </li>
            )}
        </ul>
    );
}
