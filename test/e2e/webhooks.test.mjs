// Webhooks, as a function that anonymous senders call: the status is the function's, and the user finds what came of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callWebhook, data, makeWebhook, service, sign, signUp } from './clients.mjs';

const events = (person, id) => data(person.from('webhook_events')
    .select('event_type, signature_verified, duplicate, payload, execution_id').eq('schedule_id', id).order('created_at'));

test('a signed call is taken, logged and queued, once', async () => {
    const ada = await signUp('ada'), id = await makeWebhook(ada), body = '{"from": "Zoë", "n": 1}';
    const first = await callWebhook(id, body);
    assert.deepEqual([first.status, first.data.accepted, first.data.schedule_id], [202, true, id]);
    const again = await callWebhook(id, body);
    assert.deepEqual([again.status, again.data.duplicate, again.data.execution_id], [202, true, undefined]);
    assert.deepEqual((await events(ada, id)).map(row => [row.event_type, row.duplicate, row.payload]),
        [['webhook_received', false, { from: 'Zoë', n: 1 }], ['webhook_received', true, null]]);
    const queued = await data(ada.from('schedule_executions').select('id, triggered_by, execution_status').eq('schedule_id', id));
    assert.deepEqual(queued, [{ id: first.data.execution_id, triggered_by: 'webhook', execution_status: 'pending' }]);
});

test('what cannot be taken says so by its status, and queues nothing', async () => {
    const ada = await signUp('ada'), id = await makeWebhook(ada), body = '{"n": 1}';
    for (const [status, answer] of [
        [401, callWebhook(id, body, sign('{"n": 2}'))], [401, callWebhook(id, body, null)], [400, callWebhook(null, body)],
        [400, callWebhook(id, '')], [404, callWebhook(ada.id, body)],
    ]) {
        const found = await answer;
        assert.deepEqual([found.status, found.data], [status, null]);
        assert.equal(typeof found.error.error, 'string');
    }
    assert.deepEqual((await events(ada, id)).map(row => [row.event_type, row.execution_id]).sort(),
        [['signature_failed', null], ['signature_failed', null], ['webhook_error', null]]);
    assert.deepEqual(await data(ada.from('schedule_executions').select('id')), []);
});

test('a secret that is not there is the server\'s trouble, and stays unseen', async () => {
    const ada = await signUp('ada'), id = await makeWebhook(ada);
    await data(ada.from('operation_schedules').update({ webhook_secret_ref: 'env://HELIX_SECRET_GONE' }).eq('id', id));
    const answer = await callWebhook(id, '{}');
    assert.equal(answer.status, 500);
    assert.doesNotMatch(JSON.stringify(answer.error), /GONE/);
    assert.deepEqual((await events(ada, id)).map(row => row.event_type), ['webhook_error']);
});

test('the service completes what a webhook has queued', async () => {
    const ada = await signUp('ada'), id = await makeWebhook(ada), root = service();
    const { data: { execution_id } } = await callWebhook(id, '{"n": 2}');
    const claimed = await data(root.rpc('claim_executions', { p_worker: 'e2e', p_limit: 100, p_operations: ['email-respond'] }));
    const ours = claimed.find(row => row.execution_id === execution_id);
    assert.deepEqual([ours.user_id, ours.payload], [ada.id, { n: 2 }]);
    await data(root.rpc('complete_execution', { p_execution_id: execution_id, p_status: 'success', p_result: {}, p_cost_actual: 0.5,
        p_latency_ms: 1 }));
    assert.equal(await data(ada.rpc('get_schedule_month_cost', { p_user_id: ada.id, p_operation_id: 'email-respond' })), 0.5);
});
