// A table of what some executions did and cost, sorted by the column that is chosen.
import { useMemo, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Cell } from '../csv';
import type { Compared } from '../dashboard';
import { compareDecimals, exactUsd, percentChange, usd } from '../decimal';
import { count, milliseconds, percent, rateClass } from '../format';
import { CsvButton } from './csv_button';
import { Section } from './section';

/** A column that names the row: text, sorted as text. */
export interface NameColumn<Row> {
    key: string;
    label: string;
    of: (row: Row) => string;
}

interface Column<Row> {
    key: string;
    label: string;
    compare: (a: Row, b: Row) => number;
    show: (row: Row) => ComponentChildren;
    isName?: boolean;
}

interface Order {
    key: string;
    descending: boolean;
}

/** Nothing comes first when rising. */
function compareNumbers(a: number | null, b: number | null): number {
    return (a ?? -1) - (b ?? -1);
}

function Rate({ rate }: { rate: number | null }) {
    return <span class={rateClass(rate)}>{percent(rate)}</span>;
}

function latencyColumn(key: `${'avg' | 'p50' | 'p95' | 'p99'}_latency_ms`, label: string): Column<Compared> {
    return {
        key,
        label,
        compare: (a, b) => compareNumbers(a[key], b[key]),
        show: row => milliseconds(row[key]),
    };
}

/** By how much the cost differs from that of the days before; new where there was none. */
function change(row: Compared): string {
    const percentage = percentChange(row.cost_usd, row.previous_cost_usd);
    return percentage === null ? 'new' : `${percentage.startsWith('-') ? '−' : '+'}${percentage.replace('-', '')} %`;
}

function compareChanges(a: Compared, b: Compared): number {
    const [first, second] = [a, b].map(row => percentChange(row.cost_usd, row.previous_cost_usd)?.replaceAll(',', ''));
    return first === undefined || second === undefined
        ? Number(first === undefined) - Number(second === undefined)
        : compareDecimals(first, second);
}

const figureColumns: Column<Compared>[] = [
    {
        key: 'executions',
        label: 'Executions',
        compare: (a, b) => a.executions - b.executions,
        show: row => count(row.executions),
    },
    {
        key: 'success_rate',
        label: 'Success rate',
        compare: (a, b) => compareNumbers(a.success_rate, b.success_rate),
        show: row => <Rate rate={row.success_rate} />,
    },
    {
        key: 'cost_usd',
        label: 'Cost',
        compare: (a, b) => compareDecimals(a.cost_usd, b.cost_usd),
        show: row => <span title={exactUsd(row.cost_usd)}>{usd(row.cost_usd)}</span>,
    },
    {
        key: 'change',
        label: 'Change',
        compare: compareChanges,
        show: row => <span title={`before: ${exactUsd(row.previous_cost_usd)}`}>{change(row)}</span>,
    },
    latencyColumn('avg_latency_ms', 'Mean latency'),
    latencyColumn('p50_latency_ms', 'p50'),
    latencyColumn('p95_latency_ms', 'p95'),
    latencyColumn('p99_latency_ms', 'p99'),
];

const fileColumns = [
    'executions',
    'successes',
    'failures',
    'success_rate',
    'cost_usd',
    'avg_cost_usd',
    'previous_cost_usd',
    'previous_executions',
    'avg_latency_ms',
    'p50_latency_ms',
    'p95_latency_ms',
    'p99_latency_ms',
] as const;

function nameColumn<Row>({ key, label, of }: NameColumn<Row>): Column<Row> {
    return {
        key,
        label,
        isName: true,
        compare: (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0),
        show: of,
    };
}

interface FiguresTableProps<Row extends Compared> {
    id: string;
    title: string;
    names: NameColumn<Row>[];
    rows: Row[];
    order: Order;
}

export function FiguresTable<Row extends Compared>({ id, title, names, rows, order: first }: FiguresTableProps<Row>) {
    const [order, setOrder] = useState(first);
    const columns = useMemo<Column<Row>[]>(() => [...names.map(nameColumn), ...figureColumns], [names]);
    const sorted = useMemo(() => {
        const column = columns.find(({ key }) => key === order.key);
        const rising = column === undefined ? rows : [...rows].sort(column.compare);
        return order.descending ? rising.reverse() : rising;
    }, [columns, rows, order]);

    const sortBy = (column: Column<Row>): void =>
        setOrder(before => ({
            key: column.key,
            descending: before.key === column.key ? !before.descending : column.isName !== true,
        }));
    const sortOf = (key: string) => (key !== order.key ? undefined : order.descending ? 'descending' : 'ascending');

    const heading = [...names.map(name => name.key), ...fileColumns];
    const cells = (): Cell[][] =>
        sorted.map(row => [...names.map(name => name.of(row)), ...fileColumns.map(column => row[column])]);

    return (
        <Section id={id} title={title} actions={<CsvButton name={id} heading={heading} rows={cells()} />}>
            <div class="scroll" tabIndex={0} role="region" aria-label={`${title}: table`}>
                <table id={id}>
                    <caption class="hidden">{title}: a button in each heading sorts</caption>
                    <thead>
                        <tr>
                            {columns.map(column => (
                                <th
                                    key={column.key}
                                    scope="col"
                                    aria-sort={sortOf(column.key)}
                                    class={column.isName ? 'name' : undefined}
                                >
                                    <button type="button" data-sort={column.key} onClick={() => sortBy(column)}>
                                        {column.label}
                                    </button>
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {sorted.map(row => (
                            <tr key={names.map(name => name.of(row)).join('\n')}>
                                {columns.map((column, place) =>
                                    place === 0 ? (
                                        <th key={column.key} scope="row" class="name">
                                            {column.show(row)}
                                        </th>
                                    ) : (
                                        <td
                                            key={column.key}
                                            data-column={column.key}
                                            class={column.isName ? 'name' : undefined}
                                        >
                                            {column.show(row)}
                                        </td>
                                    ),
                                )}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Section>
    );
}
