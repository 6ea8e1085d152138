// What was spent with each value of a key of the metadata.
import type { Dimension, DimensionValue } from '../dashboard';
import { exactUsd, usd } from '../decimal';
import { count, percent, rateClass } from '../format';
import { CsvButton } from './csv_button';
import { Section } from './section';

const names = { other: 'other values', without: 'without a value' };

const nameOf = ({ kind, value }: DimensionValue): string => (kind === 'value' ? (value ?? '') : names[kind]);

const rateOf = ({ executions, successes }: DimensionValue): number | null =>
    executions === 0 ? null : (100 * successes) / executions;

export function DimensionTable({ dimension, onChoose }: { dimension: Dimension; onChoose: (value: string) => void }) {
    const rows = dimension.values.map(row => [row.value, row.kind, row.executions, row.successes, row.cost_usd]);
    return (
        <Section
            id="dimension"
            title={`By ${dimension.key}`}
            actions={
                <CsvButton
                    name="dimension"
                    heading={[dimension.key, 'kind', 'executions', 'successes', 'cost_usd']}
                    rows={rows}
                />
            }
        >
            <p class="note">Days are UTC days. Values are counted without operations, models and latencies.</p>
            <div class="scroll" tabIndex={0} role="region" aria-label={`By ${dimension.key}: table`}>
                <table id="dimension">
                    <thead>
                        <tr>
                            <th scope="col" class="name">
                                {dimension.key}
                            </th>
                            <th scope="col">Executions</th>
                            <th scope="col">Success rate</th>
                            <th scope="col">Cost</th>
                        </tr>
                    </thead>
                    <tbody>
                        {dimension.values.map(row => (
                            <tr key={`${row.kind}\n${row.value ?? ''}`}>
                                <th scope="row" class="name">
                                    {row.kind === 'value' ? (
                                        <button type="button" class="link" onClick={() => onChoose(row.value ?? '')}>
                                            {nameOf(row)}
                                        </button>
                                    ) : (
                                        nameOf(row)
                                    )}
                                </th>
                                <td>{count(row.executions)}</td>
                                <td>
                                    <span class={rateClass(rateOf(row))}>{percent(rateOf(row))}</span>
                                </td>
                                <td>
                                    <span title={exactUsd(row.cost_usd)}>{usd(row.cost_usd)}</span>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Section>
    );
}
