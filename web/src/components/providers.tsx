// The providers compared: a bar for the cost, the latency and the success rate of each. The chart is a table.
import type { ComponentChildren } from 'preact';
import type { Provider } from '../dashboard';
import { exactUsd, usd } from '../decimal';
import { milliseconds, percent, rateClass } from '../format';
import { CsvButton } from './csv_button';
import { Section } from './section';

/** A figure above a bar. `share` is from 0 to 1; below 0, where something was credited, there is no bar. */
function Bar({ share, children }: { share: number; children: ComponentChildren }) {
    return (
        <>
            {children}
            <div class="bar" aria-hidden="true">
                <div style={{ width: `${(100 * Math.min(Math.max(share, 0), 1)).toFixed(3)}%` }} />
            </div>
        </>
    );
}

const heading = [
    'provider',
    'executions',
    'success_rate',
    'cost_usd',
    'previous_cost_usd',
    'avg_latency_ms',
    'p50_latency_ms',
    'p95_latency_ms',
    'p99_latency_ms',
] as const;

export function Providers({ providers }: { providers: Provider[] }) {
    // Lengths of bars are all that floats are used for.
    const dearest = Math.max(...providers.map(row => Number(row.cost_usd)), Number.MIN_VALUE);
    const slowest = Math.max(...providers.map(row => row.avg_latency_ms ?? 0), Number.MIN_VALUE);
    const rows = providers.map(row => heading.map(column => row[column]));
    return (
        <Section
            id="providers"
            title="Providers compared"
            actions={<CsvButton name="providers" heading={[...heading]} rows={rows} />}
        >
            <table id="providers" class="bars">
                <thead>
                    <tr>
                        <th scope="col" class="name">
                            Provider
                        </th>
                        <th scope="col">Cost</th>
                        <th scope="col">Mean latency</th>
                        <th scope="col">Success rate</th>
                    </tr>
                </thead>
                <tbody>
                    {providers.map(row => (
                        <tr key={row.provider}>
                            <th scope="row" class="name">
                                {row.provider}
                            </th>
                            <td data-column="cost_usd">
                                <Bar share={Number(row.cost_usd) / dearest}>
                                    <span title={exactUsd(row.cost_usd)}>{usd(row.cost_usd)}</span>
                                </Bar>
                            </td>
                            <td data-column="avg_latency_ms">
                                <Bar share={(row.avg_latency_ms ?? 0) / slowest}>
                                    {milliseconds(row.avg_latency_ms)}
                                </Bar>
                            </td>
                            <td data-column="success_rate">
                                <Bar share={(row.success_rate ?? 0) / 100}>
                                    <span class={rateClass(row.success_rate)}>{percent(row.success_rate)}</span>
                                </Bar>
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Section>
    );
}
