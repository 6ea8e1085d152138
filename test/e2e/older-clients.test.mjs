// What existing clients write: schedules with nulls and times of their own, spending that is counted already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, signUp } from './clients.mjs';

test('a schedule is of type cron where nothing is said, and its times are the database\'s', async () => {
    const ada = await signUp('ada');
    const made = await data(ada.from('operation_schedules').insert({ user_id: ada.id, operation_id: 'email-classify',
        cron_expression: '15 3 * * *', timezone: null, parameters: null, created_at: '2001-01-01T00:00:00Z' }).select().single());
    assert.deepEqual([made.schedule_type, made.timezone, made.parameters], ['cron', 'UTC', {}]);
    assert.ok(new Date(made.created_at) > new Date('2020-01-01'));
    const changed = await data(ada.from('operation_schedules').update({ parameters: null, max_cost_per_month: 2,
        created_at: '2001-01-01T00:00:00Z', updated_at: '2001-01-01T00:00:00Z' }).eq('id', made.id).select().single());
    assert.deepEqual([changed.parameters, changed.max_cost_per_month, changed.created_at], [{}, 2, made.created_at]);
    assert.ok(new Date(changed.updated_at) >= new Date(made.updated_at));
    await data(ada.from('operation_schedules').delete().eq('id', made.id));
});

test('update_cost_budget counts nothing twice and sets no limit', async () => {
    const ada = await signUp('ada');
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 5 }));
    await data(ada.rpc('update_cost_budget', { p_user_id: ada.id, p_amount: 0.002 }));
    assert.deepEqual(await data(ada.from('cost_budgets').select('monthly_budget_usd, spent_amount_usd')),
        [{ monthly_budget_usd: 5, spent_amount_usd: 0 }]);
    await refused(ada.rpc('update_cost_budget', { p_user_id: ada.id, p_amount: null }),
        { status: 400, code: '22004', hint: /set_cost_budget/ });
});

test('rates, averages and sums are numbers, and the day that runs is found by its end', async () => {
    const ada = await signUp('ada');
    for (const [p_success, p_latency_ms, p_cost_usd] of [[true, 100, 0.5], [true, 200, 0.25], [false, 100, 0.25]]) {
        await data(ada.rpc('record_operation_execution', { p_user_id: ada.id, p_operation_id: 'email-compose', p_date: null,
            p_success, p_latency_ms, p_cost_usd, p_model_used: 'openai' }));
    }
    const row = await data(ada.from('operation_execution_analytics').select().lte('period_end', new Date().toISOString()).single());
    assert.deepEqual([row.total_cost_usd, row.success_rate, row.avg_latency_ms, row.avg_cost_per_execution],
        [1, 66.6666666666667, 133.333333333333, 0.333333333333333]);
    const [summary] = await data(ada.rpc('get_period_summary', { p_user_id: ada.id, p_start: new Date(Date.now() - 864e5),
        p_end: new Date() }));
    assert.deepEqual([summary.total_cost_usd, summary.success_rate, summary.avg_latency_ms],
        [1, 66.6666666666667, 133.333333333333]);
});
