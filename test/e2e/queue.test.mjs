// The queue: users queue and cancel, the service claims, completes and fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, service, signUp } from './clients.mjs';

const root = service();
const enqueue = (person, more) => data(person.rpc('enqueue_execution', {
    p_schedule_id: null, p_triggered_by: 'manual', p_user_id: person.id, p_operation_id: 'calendar-prep', ...more,
}));
const claim = more =>
    data(root.rpc('claim_executions', { p_worker: 'e2e', p_limit: 10, p_operations: ['calendar-prep'], ...more }));
const row = (person, id, columns) => data(person.from('schedule_executions').select(columns).eq('id', id).single());

test('an execution is queued, claimed, completed and charged', async () => {
    const ada = await signUp('ada');
    const id = await enqueue(ada, { p_payload: { day: '2026-12-01' }, p_request_id: 'once' });
    assert.equal(await enqueue(ada, { p_payload: { day: '2026-12-01' }, p_request_id: 'once' }), id);
    assert.deepEqual(await row(ada, id, 'execution_status, attempt, payload'),
        { execution_status: 'pending', attempt: 0, payload: { day: '2026-12-01' } });
    const claimed = await claim();
    assert.deepEqual(claimed.map(({ execution_id, user_id, payload, attempt, fencing_token }) =>
        ({ execution_id, user_id, payload, attempt, fencing_token })),
        [{ execution_id: id, user_id: ada.id, payload: { day: '2026-12-01' }, attempt: 1, fencing_token: 1 }]);
    assert.deepEqual(await claim(), []);
    const lease = await data(root.rpc('heartbeat_execution', { p_execution_id: id, p_fencing_token: 1, p_lease: '1 hour' }));
    assert.ok(new Date(lease) - Date.now() > 59 * 60_000);
    const complete = () => root.rpc('complete_execution', {
        p_execution_id: id, p_status: 'success', p_result: { sent: true }, p_cost_actual: 0.25, p_latency_ms: 120,
            p_fencing_token: 1,
    });
    await data(complete());
    await refused(complete(), { status: 500, code: '55000', details: new RegExp(id), hint: /claim anew/ });
    assert.deepEqual(await row(ada, id, 'execution_status, result, cost_actual, latency_ms'),
        { execution_status: 'success', result: { sent: true }, cost_actual: 0.25, latency_ms: 120 });
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id })), 0.25);
});

test('a failed attempt comes again, until it has failed for good', async () => {
    const ada = await signUp('ada');
    const schedule = await data(ada.from('operation_schedules').insert(
        { user_id: ada.id, operation_id: 'calendar-prep', schedule_type: 'manual', max_attempts: 2 }).select('id').single());
    const id = await enqueue(ada, { p_schedule_id: schedule.id, p_user_id: null, p_operation_id: null });
    for (const [attempt, status] of [[1, 'pending'], [2, 'failed']]) {
        const [claimed] = await claim();
        assert.equal(claimed.execution_id, id);
        assert.equal(await data(root.rpc('fail_execution',
            { p_execution_id: id, p_error: `broken ${attempt}`, p_fencing_token: attempt, p_retry_in: '0 seconds' })), status);
    }
    assert.deepEqual(await row(ada, id, 'execution_status, error_message, attempt'),
        { execution_status: 'failed', error_message: 'broken 2', attempt: 2 });
});

test('one execution of a schedule runs at a time (HX002)', async () => {
    const ada = await signUp('ada');
    const { id: p_schedule_id } = await data(ada.from('operation_schedules').insert(
        { user_id: ada.id, operation_id: 'calendar-prep', schedule_type: 'manual' }).select('id').single());
    const start = () => root.rpc('create_execution_with_lock', { p_schedule_id, p_user_id: ada.id, p_triggered_by: 'manual' });
    const running = () => data(ada.rpc('schedule_is_running', { p_schedule_id }));
    assert.equal(await running(), false);
    const id = await data(start());
    assert.equal(await running(), true);
    await refused(start(), { status: 400, code: 'HX002', details: new RegExp(id) });
    await data(root.rpc('complete_execution', { p_execution_id: id, p_status: 'success', p_result: null, p_cost_actual: 0.5,
        p_latency_ms: 1 }));
    assert.equal(await running(), false);
    assert.equal(await data(ada.rpc('get_schedule_month_cost', { p_user_id: ada.id, p_operation_id: 'calendar-prep' })), 0.5);
    assert.deepEqual(await data(ada.from('operation_schedules').select('execution_count, running_execution_id')
        .eq('id', p_schedule_id).single()),
        { execution_count: 1, running_execution_id: null });
});

test('users cancel their executions, and only the service takes them', async () => {
    const ada = await signUp('ada');
    const id = await enqueue(ada);
    await refused(ada.rpc('claim_executions', { p_worker: 'ada' }), { status: 403, code: '42501' });
    await refused(ada.rpc('complete_execution', { p_execution_id: id, p_status: 'success' }), { status: 403, code: '42501' });
    assert.equal(await data(ada.rpc('cancel_execution', { p_execution_id: id, p_reason: 'not today' })), true);
    assert.equal(await data(ada.rpc('cancel_execution', { p_execution_id: id, p_reason: 'not today' })), false);
    assert.deepEqual(await row(ada, id, 'execution_status, error_message'),
        { execution_status: 'skipped', error_message: 'cancelled: not today' });
    assert.deepEqual(await claim(), []);
    await refused(ada.from('schedule_executions').delete().eq('id', id),
        { status: 500, code: '55000', message: /cannot delete from view/ });
});

test('a claim reserves the budget, and skips what does not fit', async () => {
    const ada = await signUp('ada');
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 0 }));
    const id = await enqueue(ada);
    assert.deepEqual(await claim(), []);
    const { execution_status, error_message } = await row(ada, id, 'execution_status, error_message');
    assert.equal(execution_status, 'skipped');
    assert.match(error_message, /budget/i);
});

test('what cannot be queued is refused', async () => {
    const ada = await signUp('ada');
    const call = more => ada.rpc('enqueue_execution', { p_schedule_id: null, p_user_id: ada.id, p_operation_id: 'calendar-prep',
        ...more });
    await refused(call({ p_operation_id: 'nope' }), { status: 400, code: '42704', details: /nope/ });
    await refused(call({ p_priority: 11 }), { status: 400, code: '22023', details: /11/ });
    await refused(call({ p_schedule_id: ada.id, p_user_id: null, p_operation_id: null }),
        { status: 500, code: 'P0002', details: new RegExp(ada.id) });
    assert.deepEqual(await data(ada.from('schedule_executions').select('id')), []);
});
