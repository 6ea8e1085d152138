// Batches: from the draft to the last of their operations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, service, signUp } from './clients.mjs';

const root = service();
const create = (person, p_operations, more) => person.rpc('create_batch',
    { p_user_id: person.id, p_name: 'mail', p_batch_type: 'conditional', p_operations, ...more });
const status = (person, p_batch_id) => data(person.rpc('get_batch_status', { p_batch_id })).then(rows => rows[0]);
const claim = async () =>
    (await data(root.rpc('claim_executions', { p_worker: 'e2e', p_limit: 10, p_operations: ['task-prioritize', 'calendar-time'] })))
    .map(row => row.execution_id);

test('a batch runs in the order of its dependencies and counts what it cost', async () => {
    const ada = await signUp('ada');
    const batch = await data(create(ada, [
        { operation_id: 'task-prioritize', name: 'sort', parameters: { folder: 'inbox' } },
        { operation_id: 'calendar-time', name: 'answer', depends_on: ['sort'] },
    ]));
    assert.equal((await data(ada.from('operation_batches').select('status').eq('id', batch).single())).status, 'draft');
    await data(ada.rpc('start_batch', { p_batch_id: batch }));
    for (const [done, cost] of [[1, 0.1], [2, 0.2]]) {
        const [id, ...others] = await claim();
        assert.deepEqual(others, []);
        await data(root.rpc('complete_execution', { p_execution_id: id, p_status: 'success', p_result: { done },
            p_cost_actual: cost, p_latency_ms: 5 }));
        const now = await status(ada, batch);
        assert.deepEqual([now.completed_operations, Number(now.progress_percent)], [done, 50 * done]);
    }
    const { status: end, total_cost_actual } = await data(ada.from('operation_batches').select('status, total_cost_actual')
        .eq('id', batch).single());
    assert.deepEqual([end, total_cost_actual], ['completed', 0.3]);
    const operations = await data(ada.from('batch_operations').select('name, status, result, cost_actual').eq('batch_id', batch)
        .order('sequence_order'));
    assert.deepEqual(operations, [
        { name: 'sort', status: 'completed', result: { done: 1 }, cost_actual: 0.1 },
        { name: 'answer', status: 'completed', result: { done: 2 }, cost_actual: 0.2 },
    ]);
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id })), 0.3);
});

test('what depends on a failure is skipped', async () => {
    const ada = await signUp('ada');
    const batch = await data(create(ada, [{ operation_id: 'task-prioritize' }, { operation_id: 'calendar-time', depends_on: [1] }],
        { p_start: true }));
    const [id] = await claim();
    await data(root.rpc('complete_execution', { p_execution_id: id, p_status: 'failed', p_error: 'broken' }));
    const now = await status(ada, batch);
    assert.deepEqual([now.status, now.failed_operations, now.skipped_operations], ['failed', 1, 1]);
    assert.deepEqual(await claim(), []);
});

test('a batch is cancelled with its reason', async () => {
    const ada = await signUp('ada');
    const batch = await data(create(ada, [{ operation_id: 'task-prioritize' }], { p_start: true }));
    assert.equal(await data(ada.rpc('cancel_batch', { p_batch_id: batch, p_reason: 'too late' })), true);
    assert.deepEqual(await data(ada.from('operation_batches').select('status, cancel_reason').eq('id', batch).single()),
        { status: 'cancelled', cancel_reason: 'too late' });
    assert.deepEqual(await claim(), []);
});

test('batches that cannot be are refused whole', async () => {
    const ada = await signUp('ada');
    await refused(create(ada, []), { status: 400, code: '22023' });
    await refused(create(ada, [{ operation_id: 'nope' }]), { status: 400, code: '42704', details: /nope/ });
    await refused(create(ada, [{ operation_id: 'task-prioritize', name: 'a', depends_on: ['b'] },
        { operation_id: 'task-prioritize', name: 'b', depends_on: ['a'] }]),
        { status: 400, code: '22023', message: /circle|depend/ });
    await refused(ada.rpc('start_batch', { p_batch_id: ada.id }), { status: 500, code: 'P0002' });
    assert.deepEqual(await data(ada.from('operation_batches').select('id')), []);
});
