// What each operation's part of the cost is: a pie, stepped through by the keyboard, beside a table of the same slices.
import { useState } from 'preact/hooks';
import type { Operation } from '../dashboard';
import { exactUsd, usd } from '../decimal';
import { type Slice, most, slicePath, slicesOf } from '../slices';
import { stepByKey } from '../steps';
import { CsvButton } from './csv_button';
import { Section } from './section';

const label = (slice: Slice): string => (slice.operations === 1 ? slice.name : `${slice.operations} others`);

const spoken = (slice: Slice): string => `${label(slice)}: ${exactUsd(slice.cost_usd)}, ${slice.percent} %`;

interface PieProps {
    slices: Slice[];
    shown: number | null;
    onShow: (slice: number | null) => void;
}

function Pie({ slices, shown, onShow }: PieProps) {
    const last = slices.length - 1;
    const byKey = (event: KeyboardEvent): void => {
        const next = stepByKey(event.key, shown, last);
        if (next !== null) {
            event.preventDefault();
            onShow(next);
        } else if (event.key === 'Escape') {
            onShow(null);
        }
    };
    let from = 0;
    return (
        <div
            class="pie"
            role="slider"
            tabIndex={0}
            aria-label="Cost by operation"
            aria-valuemin={0}
            aria-valuemax={last}
            aria-valuenow={shown ?? 0}
            aria-valuetext={spoken(slices[shown ?? 0] as Slice)}
            onKeyDown={byKey}
            onBlur={() => onShow(null)}
            onPointerLeave={() => onShow(null)}
        >
            <svg viewBox="-1.05 -1.05 2.1 2.1" aria-hidden="true">
                {slices.map((slice, place) => {
                    const path = slicePath(from, slice.share);
                    from += slice.share;
                    return (
                        <path
                            key={slice.name}
                            d={path}
                            data-slice={slice.name}
                            class={`slice slice-${slice.operations > 1 || place >= most ? most : place} ${place === shown ? 'shown' : ''}`}
                            onPointerMove={() => onShow(place)}
                            onPointerDown={() => onShow(place)}
                        />
                    );
                })}
            </svg>
            <p class="said">{shown === null || slices[shown] === undefined ? '' : spoken(slices[shown])}</p>
        </div>
    );
}

export function CostByOperation({ operations }: { operations: Operation[] }) {
    const [shown, setShown] = useState<number | null>(null);
    const slices = slicesOf(operations);
    if (slices.length === 0) {
        return null;
    }
    const rows = slices.map(slice => [slice.name, slice.operations, slice.cost_usd, slice.percent]);
    return (
        <Section
            id="pie"
            title="Cost by operation"
            actions={
                <CsvButton name="shares" heading={['operation_id', 'operations', 'cost_usd', 'percent']} rows={rows} />
            }
        >
            <div class="shares">
                <Pie slices={slices} shown={shown} onShow={setShown} />
                <table id="shares">
                    <thead>
                        <tr>
                            <th scope="col" class="name">
                                Operation
                            </th>
                            <th scope="col">Cost</th>
                            <th scope="col">Part</th>
                        </tr>
                    </thead>
                    <tbody>
                        {slices.map((slice, place) => (
                            <tr key={slice.name} class={place === shown ? 'shown' : undefined}>
                                <th scope="row" class="name">
                                    <span class={`swatch slice-${slice.operations > 1 ? most : place}`} />
                                    {label(slice)}
                                </th>
                                <td title={exactUsd(slice.cost_usd)}>{usd(slice.cost_usd)}</td>
                                <td>{slice.percent} %</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Section>
    );
}
