// The four cards: what everything cost, how often it ran, how well and how fast, each with the change to the days before.
import type { Dashboard } from '../dashboard';
import { exactUsd, percentChange, usd } from '../decimal';
import { count, milliseconds, percent, shortDay } from '../format';

interface CardProps {
    name: string;
    label: string;
    value: string;
    /** All digits, where the value is rounded. */
    exact?: string;
    /** Below the value. */
    more?: string;
    change: string | null;
    /** Whether more is better; null where it is neither. */
    moreIsBetter: boolean | null;
    /** The days that it is compared with. */
    before: string;
    days: number;
}

function direction(change: string, moreIsBetter: boolean | null): string {
    if (moreIsBetter === null || /^-?[0.]+( |$)/.test(change)) {
        return '';
    }
    return change.startsWith('-') === moreIsBetter ? 'worse' : 'better';
}

function signed(change: string): string {
    return change.startsWith('-') ? `−${change.slice(1)}` : `+${change}`;
}

function Card({ name, label, value, exact, more, change, moreIsBetter, before, days }: CardProps) {
    return (
        <div class="card" data-card={name}>
            <dt>{label}</dt>
            <dd>
                <span class="value" title={exact}>
                    {value}
                </span>
                {more === undefined ? null : <span class="more">{more}</span>}
                <span class="change" title={before}>
                    {change === null ? (
                        `nothing in the ${days} days before`
                    ) : (
                        <>
                            <span class={direction(change, moreIsBetter)}>{signed(change)}</span> against {days} days
                            before
                        </>
                    )}
                </span>
            </dd>
        </div>
    );
}

/** By how many points a rate differs, with two decimals. */
function points(now: number | null, before: number | null): string | null {
    return now === null || before === null ? null : `${(now - before).toFixed(2).replace(/^-(0\.00)$/, '$1')} points`;
}

function relative(now: number | null, before: number | null): string | null {
    const change = now === null || before === null ? null : percentChange(now.toFixed(6), before.toFixed(6));
    return change === null ? null : `${change} %`;
}

export function Cards({ dashboard }: { dashboard: Dashboard }) {
    const { totals, previous } = dashboard;
    const period = {
        before: `${shortDay(previous.start_date)} – ${shortDay(previous.end_date)}`,
        days: dashboard.days,
    };
    const costChange = percentChange(totals.cost_usd, previous.cost_usd);
    return (
        <dl class="cards">
            <Card
                name="cost"
                label="Total cost"
                value={usd(totals.cost_usd)}
                exact={exactUsd(totals.cost_usd)}
                change={costChange === null ? null : `${costChange} %`}
                moreIsBetter={false}
                {...period}
            />
            <Card
                name="executions"
                label="Operations"
                value={count(totals.executions)}
                change={relative(totals.executions, previous.executions)}
                moreIsBetter={null}
                {...period}
            />
            <Card
                name="success_rate"
                label="Success rate"
                value={percent(totals.success_rate)}
                change={points(totals.success_rate, previous.success_rate)}
                moreIsBetter={true}
                {...period}
            />
            <Card
                name="latency"
                label="Mean latency"
                value={milliseconds(totals.avg_latency_ms)}
                more={`p50 ${milliseconds(totals.p50_latency_ms)} · p95 ${milliseconds(totals.p95_latency_ms)} · p99 ${milliseconds(totals.p99_latency_ms)}`}
                change={relative(totals.avg_latency_ms, previous.avg_latency_ms)}
                moreIsBetter={false}
                {...period}
            />
        </dl>
    );
}
