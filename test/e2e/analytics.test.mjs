// The sums: relations with filters, order and limit, and the functions that read them.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { data, refused, service, signUp } from './clients.mjs';

let ada;
const november = { p_start: '2026-11-01T00:00:00Z', p_end: '2026-12-01T00:00:00Z' };

before(async () => {
    ada = await signUp('ada');
    const rows = [
        // operation, date, success, latency, cost, provider
        ['email-compose', '2026-11-10', true, 100, '0.1', 'anthropic'],
        ['email-compose', '2026-11-10', true, 300, '0.2', 'openai'],
        ['email-compose', '2026-11-11', false, 50, '0', 'openai'],
        ['email-classify', '2026-11-12', true, 20, '1.000000000001', 'gemini'],
        ['task-breakdown', '2026-10-31', true, 7, '5', 'deepseek'],
    ];
    await data(ada.rpc('record_operation_executions', {
        p_executions: rows.map(([operation_id, date, success, latency_ms, cost_usd, model_used]) =>
            ({ user_id: ada.id, operation_id, occurred_at: `${date}T12:00Z`, success, latency_ms, cost_usd, model_used })),
    }));
});

test('cost_trends has a row for each day, exact, folded or not', async () => {
    const trends = () => data(ada.from('cost_trends').select('date, total_operations, total_cost_usd, anthropic_cost, openai_cost')
        .gte('date', '2026-11-01').order('date'));
    const expected = [
        { date: '2026-11-10', total_operations: 2, total_cost_usd: 0.3, anthropic_cost: 0.1, openai_cost: 0.2 },
        { date: '2026-11-11', total_operations: 1, total_cost_usd: 0, anthropic_cost: 0, openai_cost: 0 },
        { date: '2026-11-12', total_operations: 1, total_cost_usd: 1.000000000001, anthropic_cost: 0, openai_cost: 0 },
    ];
    assert.deepEqual(await trends(), expected);
    await data(service().rpc('fold'));
    assert.deepEqual(await trends(), expected);
});

test('filters, order, ranges and counts work on the views', async () => {
    const { data: rows, count } = await ada.from('executions').select('operation_id, cost_usd', { count: 'exact' })
        .in('operation_id', ['email-compose', 'email-classify']).gt('cost_usd', 0).order('cost_usd', { ascending: false })
        .range(1, 2);
    assert.deepEqual(rows, [{ operation_id: 'email-compose', cost_usd: 0.2 }, { operation_id: 'email-compose', cost_usd: 0.1 }]);
    assert.equal(count, 3);
    assert.deepEqual(await data(ada.from('executions').select('latency_ms').eq('success', false).single()), { latency_ms: 50 });
    assert.deepEqual(await data(ada.from('executions').select('date').or('model.eq.gemini,model.eq.deepseek').order('date')
        .limit(1)),
        [{ date: '2026-10-31' }]);
    assert.equal(await data(ada.from('executions').select('id').eq('operation_id', 'calendar-prep').maybeSingle()), null);
    await refused(ada.from('executions').select('id').single(), { status: 406, code: 'PGRST116' });
    await refused(ada.from('executions').select('no_such_column'), { status: 400, code: '42703' });
    await refused(ada.from('no_such_relation').select(), { status: 404, code: 'PGRST205' });
});

test('money goes and comes as text, where a JSON number is too short for it', async () => {
    const bob = await signUp('bob'), cost = '123456789.0000000000000000000000000000000001';
    await data(bob.rpc('record_operation_execution', {
        p_user_id: bob.id, p_operation_id: 'email-compose', p_date: '2026-11-10', p_success: true, p_latency_ms: 1,
            p_cost_usd: cost, p_model_used: 'openai',
    }));
    assert.deepEqual(await data(bob.from('cost_trends').select('total_cost_usd::text')), [{ total_cost_usd: cost }]);
});

test('operation_execution_analytics counts by operation, day and provider', async () => {
    const rows = await data(ada.from('operation_execution_analytics')
        .select('operation_id, period_start, total_executions, successful_executions, failed_executions, success_rate, '
            + 'total_cost_usd, min_latency_ms, max_latency_ms, anthropic_count, openai_count')
        .eq('operation_id', 'email-compose').order('period_start'));
    assert.deepEqual(rows.map(row =>
        ({ ...row, period_start: row.period_start.slice(0, 10), success_rate: Number(row.success_rate) })), [
        { operation_id: 'email-compose', period_start: '2026-11-10', total_executions: 2, successful_executions: 2,
        failed_executions: 0,
            success_rate: 100, total_cost_usd: 0.3, min_latency_ms: 100, max_latency_ms: 300, anthropic_count: 1, openai_count: 1 },
        { operation_id: 'email-compose', period_start: '2026-11-11', total_executions: 1, successful_executions: 0,
        failed_executions: 1,
            success_rate: 0, total_cost_usd: 0, min_latency_ms: 50, max_latency_ms: 50, anthropic_count: 0, openai_count: 1 },
    ]);
});

test('months, rates and ranges by function', async () => {
    const p_user_id = ada.id, p_operation_id = 'email-compose';
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id, p_month: '2026-11-15' })), 1.300000000001);
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id, p_month: '2026-10-01' })), 5);
    assert.equal(await data(ada.rpc('get_operation_monthly_cost', { p_user_id, p_operation_id, p_month: '2026-11-15' })), 0.3);
    assert.equal(await data(ada.rpc('get_operation_monthly_cost',
        { p_user_id, p_operation_id: 'calendar-prep', p_month: '2026-11-15' })), 0);
    const rate = p_operation_id => data(ada.rpc('calculate_success_rate',
        { p_user_id, p_operation_id, p_start_date: november.p_start, p_end_date: november.p_end }));
    assert.equal(Number(await rate('email-compose')).toFixed(6), '66.666667');
    assert.equal(Number(await rate('calendar-prep')), 100);

    const [metrics, ...others] = await data(ada.rpc('get_operation_metrics', { p_user_id, p_operation_id, ...november }));
    assert.equal(others.length, 0);
    assert.equal(metrics.total_executions, 3);
    assert.equal(metrics.total_cost_usd, 0.3);
    assert.equal(Number(metrics.avg_latency_ms), 150);
    assert.deepEqual(metrics.models_used, { anthropic: 1, openai: 2 });

    const all = await data(ada.rpc('get_all_operation_metrics', { p_user_id, ...november }).order('operation_id')
        .select('operation_id, total_executions'));
    assert.deepEqual(all, [{ operation_id: 'email-classify', total_executions: 1 },
        { operation_id: 'email-compose', total_executions: 3 }]);

    const [summary] = await data(ada.rpc('get_period_summary', { p_user_id, ...november }));
    assert.equal(summary.total_operations, 4);
    assert.equal(summary.failed_operations, 1);
    assert.equal(summary.total_cost_usd, 1.300000000001);
});

test('get_cost_trends ends today, and reads as a GET too', async () => {
    const today = new Date().toISOString().slice(0, 10);
    await data(ada.rpc('record_operation_execution', {
        p_user_id: ada.id, p_operation_id: 'email-respond', p_date: null, p_success: true, p_latency_ms: 9, p_cost_usd: 0.5,
            p_model_used: 'openai',
    }));
    const call = options => data(ada.rpc('get_cost_trends', { p_user_id: ada.id, p_days: 1 }, options)
        .select('date, total_operations, openai_cost'));
    assert.deepEqual(await call(), [{ date: today, total_operations: 1, openai_cost: 0.5 }]);
    assert.deepEqual(await call({ get: true }), [{ date: today, total_operations: 1, openai_cost: 0.5 }]);
    await refused(ada.rpc('get_cost_trends', { p_user_id: ada.id, p_days: 0 }),
        { status: 400, code: '22023', details: /0/, hint: /1 to 36500/ });
});

test('an estimate comes from prices before there is a history', async () => {
    const [estimate] = await data(ada.rpc('estimate_operation_cost', { p_user_id: ada.id, p_operation_id: 'email-compose',
        p_model: 'claude-haiku-4-5' }));
    assert.equal(estimate.basis, 'prices');
    assert.ok(estimate.low > 0 && Number(estimate.low) * 4 === Number(estimate.high)
        && Number(estimate.mid) * 2 === Number(estimate.high));
});

test('operations and prices can be read, by users too, and written by the service only', async () => {
    const operations = await data(ada.from('operations').select('operation_id').eq('shipped', true).order('operation_id'));
    assert.deepEqual(operations.map(row => row.operation_id), ['analytics-anomaly', 'analytics-summary', 'calendar-prep',
        'calendar-time',
        'email-classify', 'email-compose', 'email-respond', 'task-breakdown', 'task-prioritize']);
    const price = await data(ada.from('model_prices').select('input_usd_per_mtok, output_usd_per_mtok')
        .eq('model', 'claude-haiku-4-5').single());
    assert.deepEqual(Object.values(price).map(Number), [1, 5]);
    const added = { operation_id: 'report-write', name: 'Write a report' };
    await refused(ada.from('operations').insert(added), { status: 403, code: '42501' });
    await data(service().from('operations').insert(added));
    assert.deepEqual(await data(ada.from('operations').select('name, shipped').eq('operation_id', 'report-write')),
        [{ name: 'Write a report', shipped: false }]);
    await data(service().from('operations').delete().eq('operation_id', 'report-write'));
});

test('the service reads everybody, proves the ledger and folds', async () => {
    const root = service();
    assert.equal(await data(root.rpc('get_total_monthly_cost', { p_user_id: ada.id, p_month: '2026-10-01' })), 5);
    assert.deepEqual(await data(root.rpc('verify_ledger')), []);
    await refused(ada.rpc('verify_ledger'),
        { status: 403, code: '42501', message: /permission denied for function verify_ledger/ });
});
