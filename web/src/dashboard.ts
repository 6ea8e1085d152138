// Owns: what helix.get_dashboard() returns.
import { CallError } from './api';
import type { Choice } from './choice';
import type { Client } from './client';

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

export type Day = Figures & { date: string; previous_cost_usd: string };
/** Figures with the cost and the count of the days before. */
export type Compared = Figures & { previous_cost_usd: string; previous_executions: number };
export type Operation = Compared & { operation_id: string };
export type Provider = Compared & { provider: string };
export type Model = Compared & { provider: string; model: string };

/** Usage that has no price: its cost is missing in all sums. */
export interface Unpriced {
    provider: string;
    model: string;
    service_tier: string;
    executions: number;
    input_tokens: number;
    output_tokens: number;
}

export interface Budget {
    budget_id: string;
    scope: 'user' | 'operation' | 'dimension' | 'preference' | 'group';
    operation_id: string | null;
    group_name: string | null;
    dimension_key: string | null;
    dimension_value: string | null;
    period: 'day' | 'week' | 'month';
    time_zone: string;
    hard: boolean;
    period_start: string;
    period_end: string;
    limit_usd: string;
    spent_usd: string;
    reserved_usd: string;
    remaining_usd: string;
    percent_used: number | null;
    level: 'ok' | 'warning' | 'exceeded';
    resets_at: string;
}

/** What was spent with a value of a key. «other»: values without sums of their own; «without»: executions without a value. */
export interface DimensionValue {
    value: string | null;
    kind: 'value' | 'other' | 'without';
    executions: number;
    successes: number;
    cost_usd: string;
}

export interface Dimension {
    key: string;
    /** Executions that were recorded before are missing; null: none are. */
    counted_since: string | null;
    values: DimensionValue[];
}

export interface Choices {
    operations: string[];
    providers: string[];
    models: string[];
    dimensions: string[];
}

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
    providers: Provider[];
    models: Model[];
    dimension: Dimension | null;
    choices: Choices;
    /** What is labeled with another date than the UTC day on which it ran. */
    relabeled: { executions: number; cost_usd: string };
    unpriced: Unpriced[];
    budgets: Budget[];
}

export async function getDashboard(client: Client, choice: Choice, signal: AbortSignal): Promise<Dashboard> {
    const { days, timeZone, filter } = choice;
    const args = {
        p_user_id: client.session.userId,
        p_days: days,
        p_time_zone: timeZone,
        p_operation_id: filter.operation,
        p_model: filter.model,
        p_provider: filter.provider,
        p_dimension_key: filter.dimension,
        p_dimension_value: filter.value,
    };
    const found = (await client.call('get_dashboard', args, signal)) as Dashboard | null;
    if (!Array.isArray(found?.trend) || !Array.isArray(found.operations) || !Array.isArray(found.budgets)) {
        throw new CallError(
            200,
            'the answer is no dashboard',
            null,
            null,
            'See that config.json names the address of the API, and that its helix is as new as the pages.',
        );
    }
    return found;
}
