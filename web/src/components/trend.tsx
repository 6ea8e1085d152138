// The trend: a chart with a tooltip of its own, for the mouse, the finger and the keyboard, and a table of the same days.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Day } from '../dashboard';
import { exactUsd } from '../decimal';
import { count, longDay, milliseconds, percent } from '../format';
import { stepByKey } from '../steps';
import type { Place, TrendChart } from '../trend_chart';
import { CsvButton } from './csv_button';
import { Section } from './section';

interface Shown {
    day: number;
    place: Place;
}

function Tooltip({ day, place, width }: { day: Day; place: Place; width: number }) {
    const side = place.x > width / 2 ? 'left' : 'right';
    return (
        <>
            <div class="marker" style={{ left: `${place.x}px` }} />
            <div class={`tooltip ${side}`} style={{ left: `${place.x}px`, top: `${place.y}px` }}>
                <div>{longDay(day.date)}</div>
                <strong>{exactUsd(day.cost_usd)}</strong>
                <div>
                    {count(day.executions)} executions, {percent(day.success_rate)}
                </div>
                <div class="before">before: {exactUsd(day.previous_cost_usd)}</div>
            </div>
        </>
    );
}

function valueText(day: Day | undefined): string | undefined {
    return day === undefined
        ? undefined
        : `${longDay(day.date)}: ${exactUsd(day.cost_usd)}, ${count(day.executions)} executions`;
}

function DayTable({ days }: { days: Day[] }) {
    return (
        <details class="days">
            <summary>The days as a table</summary>
            <div class="scroll" tabIndex={0} role="region" aria-label="Days">
                <table id="days">
                    <thead>
                        <tr>
                            <th scope="col" class="name">
                                Day
                            </th>
                            <th scope="col">Cost</th>
                            <th scope="col">Executions</th>
                            <th scope="col">Success rate</th>
                            <th scope="col">Mean latency</th>
                            <th scope="col">p50</th>
                            <th scope="col">p95</th>
                            <th scope="col">p99</th>
                            <th scope="col">Cost before</th>
                        </tr>
                    </thead>
                    <tbody>
                        {days.toReversed().map(day => (
                            <tr key={day.date}>
                                <th scope="row" class="name">
                                    <time>{day.date}</time>
                                </th>
                                <td data-column="cost_usd">{exactUsd(day.cost_usd)}</td>
                                <td data-column="executions">{count(day.executions)}</td>
                                <td data-column="success_rate">{percent(day.success_rate)}</td>
                                <td data-column="avg_latency_ms">{milliseconds(day.avg_latency_ms)}</td>
                                <td data-column="p50_latency_ms">{milliseconds(day.p50_latency_ms)}</td>
                                <td data-column="p95_latency_ms">{milliseconds(day.p95_latency_ms)}</td>
                                <td data-column="p99_latency_ms">{milliseconds(day.p99_latency_ms)}</td>
                                <td data-column="previous_cost_usd">{exactUsd(day.previous_cost_usd)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </details>
    );
}

const fileColumns = [
    'date',
    'executions',
    'successes',
    'failures',
    'success_rate',
    'cost_usd',
    'previous_cost_usd',
    'avg_latency_ms',
    'p50_latency_ms',
    'p95_latency_ms',
    'p99_latency_ms',
] as const;

interface TrendProps {
    days: Day[];
    /** How many days before they are compared with. */
    length: number;
}

export function Trend({ days, length }: TrendProps) {
    const element = useRef<HTMLDivElement>(null);
    const [chart, setChart] = useState<TrendChart | null>(null);
    const [failed, setFailed] = useState(false);
    const [shown, setShown] = useState<Shown | null>(null);

    useEffect(() => {
        const place = element.current;
        let made: TrendChart | null = null;
        let gone = false;
        const resized = new ResizeObserver(() => {
            made?.resize();
            setShown(null);
        });
        import('../trend_chart').then(
            ({ drawTrend }) => {
                if (!gone && place !== null) {
                    made = drawTrend(place);
                    resized.observe(place);
                    setChart(made);
                }
            },
            () => setFailed(true),
        );
        return () => {
            gone = true;
            resized.disconnect();
            made?.dispose();
        };
    }, []);
    useEffect(() => {
        chart?.show(days);
        setShown(before => (before === null || days[before.day] === undefined ? null : before));
    }, [chart, days]);

    const show = (day: number): void => setShown(chart === null ? null : { day, place: chart.placeOf(day) });
    const showAt = (event: PointerEvent): void => {
        if (chart !== null && element.current !== null) {
            show(chart.dayAt(event.clientX - element.current.getBoundingClientRect().left));
        }
    };
    const showByKey = (event: KeyboardEvent): void => {
        const day = event.key === 'Escape' ? null : stepByKey(event.key, shown?.day ?? null, days.length - 1);
        if (day !== null) {
            event.preventDefault();
            show(day);
        } else if (event.key === 'Escape') {
            setShown(null);
        }
    };

    const last = days.length - 1;
    const rows = days.map(day => fileColumns.map(column => day[column]));
    return (
        <Section
            id="trend"
            title="Cost by day"
            actions={<CsvButton name="days" heading={[...fileColumns]} rows={rows} />}
        >
            <p class="note legend">
                <span class="key now" /> these days <span class="key before" /> the {length} days before
            </p>
            {failed ? <p class="note">The chart cannot be loaded. Its figures are in the table below.</p> : null}
            <div
                class="trend"
                role="slider"
                tabIndex={0}
                aria-label="Cost by day"
                aria-orientation="horizontal"
                aria-valuemin={0}
                aria-valuemax={last}
                aria-valuenow={shown?.day ?? last}
                aria-valuetext={valueText(days[shown?.day ?? last])}
                onPointerMove={showAt}
                onPointerDown={showAt}
                onPointerLeave={() => setShown(null)}
                onKeyDown={showByKey}
                onBlur={() => setShown(null)}
            >
                <div class="canvas" ref={element} aria-hidden="true" />
                {shown === null || days[shown.day] === undefined ? null : (
                    <Tooltip
                        day={days[shown.day] as Day}
                        place={shown.place}
                        width={element.current?.clientWidth ?? 0}
                    />
                )}
            </div>
            <DayTable days={days} />
        </Section>
    );
}
