// Owns: what helix.get_dashboard() returns.
import { type Config, CallError, rpc } from './api';
import type { Session } from './session';

/** What is said of some executions. Costs are USD as text, latencies ms, the rate is percent 0-100. */
export interface Figures {
    executions: number;
    successes: number;
    failures: number;
    success_rate: number | null;
    cost_usd: string;
    avg_cost_usd: string | null;
    avg_latency_ms: number | null;
    p50_latency_ms: number | null;
    p95_latency_ms: number | null;
    p99_latency_ms: number | null;
}

export type Day = Figures & { date: string };
export type Operation = Figures & { operation_id: string };
export type Model = Figures & { provider: string; model: string };

export interface Dashboard {
    as_of: string;
    days: number;
    time_zone: string;
    /** «utc day» where the days are not those of the time zone. */
    granularity: 'day' | 'utc day';
    start_date: string;
    end_date: string;
    totals: Figures;
    previous: Figures & { start_date: string; end_date: string };
    trend: Day[];
    operations: Operation[];
    models: Model[];
}

export interface Choice {
    days: number;
    timeZone: string;
}

export async function getDashboard(
    config: Config,
    session: Session,
    choice: Choice,
    signal: AbortSignal,
): Promise<Dashboard> {
    const args = { p_user_id: session.userId, p_days: choice.days, p_time_zone: choice.timeZone };
    const found = (await rpc(config, session.token, 'get_dashboard', args, signal)) as Dashboard | null;
    if (!Array.isArray(found?.trend) || !Array.isArray(found.operations)) {
        throw new CallError(
            200,
            'the answer is no dashboard',
            null,
            null,
            'See that config.json names the address of the API.',
        );
    }
    return found;
}
