// A table of what some executions did and cost, sorted by the column that is chosen.
import { useMemo, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Figures } from '../dashboard';
import { compareDecimals, exactUsd, usd } from '../decimal';
import { count, milliseconds, percent, rateClass } from '../format';

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

const figureColumns: Column<Figures>[] = [
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
        key: 'avg_latency_ms',
        label: 'Mean latency',
        compare: (a, b) => compareNumbers(a.avg_latency_ms, b.avg_latency_ms),
        show: row => milliseconds(row.avg_latency_ms),
    },
    {
        key: 'p95_latency_ms',
        label: '95 % within',
        compare: (a, b) => compareNumbers(a.p95_latency_ms, b.p95_latency_ms),
        show: row => milliseconds(row.p95_latency_ms),
    },
];

function nameColumn<Row>({ key, label, of }: NameColumn<Row>): Column<Row> {
    return {
        key,
        label,
        isName: true,
        compare: (a, b) => (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0),
        show: of,
    };
}

interface FiguresTableProps<Row extends Figures> {
    id: string;
    caption: string;
    names: NameColumn<Row>[];
    rows: Row[];
    order: Order;
}

export function FiguresTable<Row extends Figures>({ id, caption, names, rows, order: first }: FiguresTableProps<Row>) {
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

    return (
        <div class="scroll" tabIndex={0} role="region" aria-label={`${caption}: table`}>
            <table id={id}>
                <caption class="hidden">{caption}: a button in each heading sorts</caption>
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
    );
}
