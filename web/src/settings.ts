// Owns: what helix.get_settings() returns, and how it is changed.
import { CallError } from './api';
import type { Client } from './client';
import type { Theme } from './theme';

/** Null in preferred_model: no preference; in cost_budget_monthly: no limit. Money is USD as text. */
export interface OperationSetting {
    operation_id: string;
    name: string;
    description: string;
    preferred_model: string | null;
    enabled: boolean;
    cost_budget_monthly: string | null;
    /** What the month has cost so far, where there is a budget. */
    spent_usd: string | null;
    level: 'ok' | 'warning' | 'exceeded' | null;
}

export interface PricedModel {
    provider: string;
    model: string;
    input_usd_per_mtok: string;
    cached_input_usd_per_mtok: string;
    output_usd_per_mtok: string;
}

export interface Interface extends Theme {
    email_list_view: 'grid' | 'list' | 'compact';
    calendar_view: 'month' | 'week' | 'day' | 'agenda';
    tasks_sort_by: 'priority' | 'due_date' | 'created_at' | 'alphabetical';
    notify_on_operation_completion: boolean;
    notify_on_operation_failure: boolean;
    notify_on_cost_limit_warning: boolean;
    notify_on_cost_limit_exceeded: boolean;
    sidebar_collapsed: boolean;
}

export interface Settings {
    operations: OperationSetting[];
    models: PricedModel[];
    theme: Interface;
}

export async function getSettings(client: Client, signal: AbortSignal): Promise<Settings> {
    const found = (await client.call('get_settings', { p_user_id: client.session.userId }, signal)) as Settings | null;
    if (!Array.isArray(found?.operations) || typeof found.theme !== 'object') {
        throw new CallError(
            200,
            'the answer is no settings',
            null,
            null,
            'See that config.json names the address of the API, and that its helix is as new as the pages.',
        );
    }
    return found;
}

/** One change of what is set: as it is shown, and as it is saved. */
export interface Change {
    /** What it changes; a later change of the same comes after it. */
    field: string;
    apply: (settings: Settings) => Settings;
    save: (client: Client, signal: AbortSignal) => Promise<unknown>;
}

export function themeChange<Name extends keyof Interface>(name: Name, value: Interface[Name]): Change {
    return {
        field: name,
        apply: settings => ({ ...settings, theme: { ...settings.theme, [name]: value } }),
        save: (client, signal) =>
            client.call('set_theme_preferences', { p_user_id: client.session.userId, [`p_${name}`]: value }, signal),
    };
}

type OperationField = 'preferred_model' | 'enabled' | 'cost_budget_monthly';

/** The JSON of a value. Amounts are written as they are: a float would round them. */
function json(field: OperationField, value: string | boolean | null): string {
    if (field !== 'cost_budget_monthly' || value === null) {
        return JSON.stringify(value);
    }
    if (typeof value !== 'string' || !/^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) {
        throw new CallError(0, 'not an amount', null, `It is "${value}".`, 'Write dollars such as 12.50, or nothing.');
    }
    return value;
}

export function operationChange<Name extends OperationField>(
    operation: string,
    name: Name,
    value: OperationSetting[Name],
): Change {
    return {
        field: `${operation}.${name}`,
        apply: settings => ({
            ...settings,
            operations: settings.operations.map(row =>
                row.operation_id === operation ? { ...row, [name]: value } : row,
            ),
        }),
        save: async (client, signal) => {
            const update = `{"operation_id":${JSON.stringify(operation)},"${name}":${json(name, value)}}`;
            const args = `{"p_user_id":${JSON.stringify(client.session.userId)},"p_updates":[${update}]}`;
            return client.callJson('bulk_update_operation_preferences', args, signal);
        },
    };
}
