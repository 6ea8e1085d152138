// What existing clients write: schedules with nulls and times of their own, spending that is counted already.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, service, signUp } from './clients.mjs';

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

test('what helix counts of a schedule may be sent back, and stays what it is', async () => {
    const ada = await signUp('ada');
    const counted = { next_execution_at: '2001-01-01T00:00:00Z', last_execution_at: '2001-01-01T00:00:00Z', execution_count: 7,
        running_execution_id: null };
    const made = await data(ada.from('operation_schedules').insert({ user_id: ada.id, operation_id: 'email-classify',
        schedule_type: 'manual', ...counted }).select().single());
    assert.deepEqual([made.next_execution_at, made.last_execution_at, made.execution_count], [null, null, 0]);
    const changed = await data(ada.from('operation_schedules').update({ ...counted, running_execution_id: made.id })
        .eq('id', made.id).select().single());
    assert.deepEqual([changed.execution_count, changed.running_execution_id], [0, null]);
    const { id, user_id, operation_id, schedule_type, enabled, timezone, parameters, created_at, updated_at } = changed;
    const sent = await data(ada.from('operation_schedules').upsert({ id, user_id, operation_id, schedule_type, enabled, timezone,
        parameters, created_at, updated_at, ...counted, max_cost_per_month: 3 }).select().single());
    assert.deepEqual([sent.id, sent.execution_count, sent.max_cost_per_month], [made.id, 0, 3]);
    await data(ada.from('operation_schedules').delete().eq('id', made.id));
});

test('a client runs an execution of its schedule, and its cost is recorded once', async () => {
    const [ada, bob] = [await signUp('ada'), await signUp('bob')];
    const schedule = await data(ada.from('operation_schedules').insert({ user_id: ada.id, operation_id: 'email-classify',
        schedule_type: 'manual' }).select('id').single());
    const executions = ada.from('schedule_executions');
    const row = { schedule_id: schedule.id, user_id: ada.id, triggered_by: 'manual' };
    const run = await data(executions.insert({ ...row, execution_status: 'running' }).select().single());
    assert.equal(run.execution_status, 'running');
    await refused(executions.insert({ ...row, execution_status: 'running' }), { status: 400, code: 'HX002' });
    await refused(ada.rpc('create_execution_with_lock', { p_schedule_id: schedule.id, p_user_id: ada.id,
        p_triggered_by: 'manual' }), { status: 400, code: 'HX002' });
    assert.equal(await data(ada.rpc('schedule_is_running', { p_schedule_id: schedule.id })), true);
    assert.deepEqual(await data(service().rpc('claim_executions', { p_worker: 'e2e', p_operations: ['email-classify'] })), []);
    const end = { execution_status: 'success', result: { labels: 3 }, cost_usd: 0.02, latency_ms: 900,
        completed_at: new Date().toISOString(), error_message: null };
    const ended = await data(executions.update(end).eq('id', run.id).select().single());
    assert.deepEqual([ended.execution_status, ended.result, ended.cost_actual, ended.cost_usd, ended.latency_ms],
        ['success', { labels: 3 }, 0.02, 0.02, 900]);
    await data(executions.update(end).eq('id', run.id)); // sent again
    await refused(executions.update({ execution_status: 'running' }).eq('id', run.id), { status: 500, code: '55000' });
    assert.deepEqual(await data(bob.from('schedule_executions').update(end).eq('id', run.id).select()), []);
    await refused(bob.from('schedule_executions').insert({ ...row, user_id: bob.id, execution_status: 'running' }),
        { status: 500, code: 'P0002' });
    await refused(bob.from('schedule_executions').insert({ ...row, execution_status: 'running' }), { status: 403, code: '42501' });
    await data(executions.insert([{ ...row, execution_status: 'skipped', error_message: 'over budget' },
        { ...row, execution_status: 'failed', error_message: 'no model' }]));
    const pending = await data(executions.insert({ ...row, execution_status: 'pending' }).select().single());
    await data(executions.update({ execution_status: 'running' }).eq('id', pending.id));
    await data(executions.update({ execution_status: 'failed', error_message: 'refused', cost_actual: 0.25 }).eq('id', pending.id));
    assert.deepEqual((await data(ada.from('executions').select('success, cost_usd').order('cost_usd'))),
        [{ success: false, cost_usd: 0 }, { success: true, cost_usd: 0.02 }, { success: false, cost_usd: 0.25 }]);
});

test('a user starts an execution with the lock and completes it', async () => {
    const [ada, bob] = [await signUp('ada'), await signUp('bob')];
    const schedule = await data(ada.from('operation_schedules').insert({ user_id: ada.id, operation_id: 'task-prioritize',
        schedule_type: 'manual' }).select('id').single());
    const run = await data(ada.rpc('create_execution_with_lock', { p_schedule_id: schedule.id, p_user_id: ada.id,
        p_triggered_by: 'manual' }));
    const completion = { p_execution_id: run, p_status: 'success', p_result: { order: [2, 1] }, p_cost_actual: 0.5,
        p_latency_ms: 40 };
    await refused(bob.rpc('complete_execution', completion), { status: 403, code: '42501' });
    await data(ada.rpc('complete_execution', completion));
    await refused(ada.rpc('complete_execution', completion), { status: 500, code: '55000' });
    assert.equal(await data(ada.rpc('get_schedule_month_cost', { p_user_id: ada.id, p_operation_id: 'task-prioritize' })), 0.5);
    const queued = await data(ada.rpc('enqueue_execution', { p_schedule_id: schedule.id }));
    await refused(ada.rpc('complete_execution', { ...completion, p_execution_id: queued }), { status: 403, code: '42501' });
    await data(ada.rpc('cancel_execution', { p_execution_id: queued }));
});

test('a client drives a batch, and helix counts', async () => {
    const [ada, bob] = [await signUp('ada'), await signUp('bob')];
    const [batches, operations] = [ada.from('operation_batches'), ada.from('batch_operations')];
    const batch = await data(batches.insert({ user_id: ada.id, name: 'inbox', batch_type: 'sequential', priority: 7,
        status: 'queued', total_operations: 2, completed_operations: 0, failed_operations: 0, total_cost_estimated_low: 0.01,
        total_cost_estimated_mid: 0.02, total_cost_estimated_high: 0.03, total_cost_actual: 0 }).select().single());
    assert.deepEqual([batch.status, batch.total_operations, batch.total_cost_estimated_mid], ['queued', 0, 0.02]);
    const row = { batch_id: batch.id, user_id: ada.id, status: 'pending', parameters: { folder: 'inbox' } };
    const [first] = await data(operations.insert([{ ...row, operation_id: 'analytics-anomaly', sequence_order: 0 }]).select());
    const [second] = await data(operations.insert([{ ...row, operation_id: 'task-breakdown', sequence_order: 1,
        depends_on: [first.id] }]).select());
    assert.deepEqual([second.depends_on, second.status], [[first.id], 'pending']);
    assert.deepEqual(await data(service().rpc('claim_executions', { p_worker: 'e2e',
        p_operations: ['analytics-anomaly', 'task-breakdown'] })), []);
    const now = new Date().toISOString();
    await data(batches.update({ status: 'running', started_at: now }).eq('id', batch.id));
    await data(operations.update({ status: 'running' }).eq('id', first.id));
    await data(operations.update({ status: 'completed', result: { labels: 3 }, cost_actual: 0.02, executed_at: now })
        .eq('id', first.id));
    await data(ada.rpc('increment_batch_completed', { p_batch_id: batch.id }));
    await data(operations.update({ status: 'failed', error_message: 'no model', cost_actual: 0.005, executed_at: now })
        .eq('id', second.id));
    await data(ada.rpc('increment_batch_failed', { p_batch_id: batch.id }));
    await refused(operations.update({ status: 'running' }).eq('id', first.id), { status: 500, code: '55000' });
    await refused(bob.from('batch_operations').insert({ ...row, user_id: bob.id, operation_id: 'analytics-anomaly' }),
        { status: 403, code: '42501' });
    assert.deepEqual(await data(bob.from('operation_batches').update({ status: 'failed' }).eq('id', batch.id).select()), []);
    const ended = await data(batches.update({ status: 'partial_failure', completed_at: now, total_cost_actual: 9 })
        .eq('id', batch.id).select().single());
    assert.deepEqual([ended.status, ended.total_operations, ended.completed_operations, ended.failed_operations,
        ended.total_cost_actual, Date.parse(ended.completed_at)], ['partial_failure', 2, 1, 1, 0.025, Date.parse(now)]);
    const other = await data(batches.insert({ user_id: ada.id, name: 'later', status: 'draft' }).select('id').single());
    const cancelled = await data(batches.update({ status: 'cancelled', cancelled_at: now, cancel_reason: 'not today' })
        .eq('id', other.id).select().single());
    assert.deepEqual([cancelled.status, cancelled.cancel_reason], ['cancelled', 'not today']);
});

test('a bulk upsert of objects with different keys means the default where one lacks a key', async () => {
    const ada = await signUp('ada');
    const preferences = ada.from('user_operation_preferences');
    const stored = () => preferences.select('operation_id, enabled, default_parameters').order('operation_id');
    const first = [{ operation_id: 'email-classify', default_parameters: { tone: 'dry' } },
        { operation_id: 'email-compose', enabled: false }];
    for (const rows of [first, first.toReversed()]) { // inserted, then updated
        await data(preferences.upsert(rows.map(row => ({ user_id: ada.id, ...row })), { onConflict: 'user_id,operation_id' }));
        assert.deepEqual(await data(stored()), [
            { operation_id: 'email-classify', enabled: true, default_parameters: { tone: 'dry' } },
            { operation_id: 'email-compose', enabled: false, default_parameters: {} }]);
    }
    const themes = await data(ada.from('ui_theme_preferences').upsert([{ user_id: ada.id, color_scheme: null, compact_mode: true }])
        .select('color_scheme, compact_mode'));
    assert.deepEqual(themes.map(row => row.compact_mode), [true]);
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
