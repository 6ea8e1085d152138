// Budgets, the queue, batches, schedules and webhooks by calls alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous, data, dba, refused, serviceByToken, sign, signIn } from './clients.mjs';

const root = await serviceByToken();
const operation = { p_operation_id: 'email-compose' };
const reserve = (person, p_amount_usd, more) => person.rpc('reserve_budget', { p_user_id: person.id, ...operation, p_amount_usd,
    ...more });
const remaining = person => data(person.rpc('get_remaining_budget', { p_user_id: person.id, ...operation }));

test('a budget refuses what does not fit, and a recording settles its reservation', async () => {
    const ada = await signIn();
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 10 }));
    const p_reservation_id = await data(reserve(ada, 4));
    assert.equal(await remaining(ada), 6);
    await refused(reserve(ada, 6.5), { status: 400, code: 'HX001', message: /^budget exceeded$/,
        details: /reserved 4, requested 6.5/, hint: /reserve less, or raise the limit/ });
    await data(ada.rpc('record_operation_execution', { p_user_id: ada.id, ...operation, p_date: null, p_success: true,
        p_latency_ms: 900, p_cost_usd: 0.31, p_model_used: 'openai', p_reservation_id }));
    assert.equal(await remaining(ada), 9.69);
    assert.equal(await data(ada.rpc('release_reservation', { p_reservation_id })), false);
    const [status] = await data(ada.rpc('budget_status', { p_user_id: ada.id }));
    assert.deepEqual([status.scope, status.limit_usd, status.spent_usd, status.level], ['user', 10, 0.31, 'ok']);
});

test('reservers at once never pass the limit, and all that fits is given', async () => {
    const ada = await signIn();
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 1 }));
    const answers = await Promise.all(Array.from({ length: 12 }, () => reserve(ada, 0.125)));
    assert.equal(answers.filter(answer => answer.error === null).length, 8);
    assert.deepEqual(answers.flatMap(answer => answer.error?.code ?? []), Array(4).fill('HX001'));
    assert.equal(Number(await remaining(ada)), 0);
});

test('what returns nothing is 204', async () => {
    const ada = await signIn();
    const answer = await ada.rpc('update_cost_budget', { p_user_id: ada.id, p_amount: 1 });
    assert.deepEqual([answer.status, answer.data, answer.error], [204, null, null]);
});

test('an execution is queued, claimed, completed once and charged', async () => {
    const ada = await signIn();
    const enqueue = { p_schedule_id: null, p_triggered_by: 'manual', p_user_id: ada.id, p_operation_id: 'calendar-prep',
        p_payload: { day: '2026-12-01' }, p_request_id: 'once' };
    const id = await data(ada.rpc('enqueue_execution', enqueue));
    assert.equal(await data(ada.rpc('enqueue_execution', enqueue)), id);
    const claimed = await data(root.rpc('claim_executions', { p_worker: 'e2e', p_limit: 10, p_operations: ['calendar-prep'] }));
    assert.deepEqual(claimed.map(({ execution_id, user_id, payload, fencing_token }) =>
        ({ execution_id, user_id, payload, fencing_token })),
        [{ execution_id: id, user_id: ada.id, payload: { day: '2026-12-01' }, fencing_token: 1 }]);
    const complete = () => root.rpc('complete_execution', { p_execution_id: id, p_status: 'success', p_result: { sent: true },
        p_cost_actual: 0.25, p_latency_ms: 120, p_fencing_token: 1 });
    await data(complete());
    await refused(complete(), { status: 500, code: '55000', details: new RegExp(id), hint: /claim anew/ });
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id })), 0.25);
    await refused(ada.rpc('claim_executions', { p_worker: 'ada' }), { status: 403, code: '42501' });
});

test('what depends on a failure is skipped', async () => {
    const ada = await signIn();
    const p_batch_id = await data(ada.rpc('create_batch', { p_user_id: ada.id, p_name: 'mail', p_batch_type: 'conditional',
        p_operations: [{ operation_id: 'task-prioritize' }, { operation_id: 'calendar-time', depends_on: [1] }], p_start: true }));
    const [claimed] = await data(root.rpc('claim_executions', { p_worker: 'e2e', p_limit: 1, p_operations: ['task-prioritize'] }));
    await data(root.rpc('complete_execution', { p_execution_id: claimed.execution_id, p_status: 'failed', p_error: 'broken' }));
    const [now] = await data(ada.rpc('get_batch_status', { p_batch_id }));
    assert.deepEqual([now.status, now.failed_operations, now.skipped_operations], ['failed', 1, 1]);
});

test('a job is registered as a row, and taken out again', async () => {
    const ada = await signIn(), p_job_name = `evening ${ada.id}`;
    const row = await data(ada.rpc('register_cron_job', { p_job_name, p_schedule: '30 7 * * mon-fri',
        p_operation_id: 'analytics-summary', p_user_id: ada.id, p_timezone: 'Europe/Berlin' }));
    assert.deepEqual([row.user_id, row.job_name, row.schedule_expression, row.timezone],
        [ada.id, p_job_name, '30 7 * * mon-fri', 'Europe/Berlin']);
    assert.equal(await data(ada.rpc('check_cron_job_exists', { p_job_name })), true);
    assert.equal(await data(ada.rpc('unregister_cron_job', { p_job_name })), true);
    assert.equal(await data(ada.rpc('unregister_cron_job', { p_job_name })), false);
    const next = await data(ada.rpc('next_run', { p_expression: '30 2 * * *', p_timezone: 'Europe/Berlin',
        p_after: '2027-03-27T12:00:00Z' }));
    assert.equal(new Date(next).toISOString(), '2027-03-28T01:00:00.000Z'); // 02:30 does not exist that night
});

test('a signed webhook is taken once; the status is the function\'s', async () => {
    const ada = await signIn(), body = '{"from": "Zoë", "n": 1}';
    const [{ id }] = await dba`
        INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_secret_ref)
        VALUES (${ada.id}, 'email-respond', 'webhook', 'env://HELIX_SECRET_E2E') RETURNING id`;
    const call = (p_signature, p_schedule_id = id) => anonymous().rpc('webhook_trigger', { p_schedule_id, p_payload: body,
        p_signature });
    const first = await call(sign(body)), again = await call(sign(body));
    assert.deepEqual([first.status, first.data.accepted, again.status, again.data.duplicate], [202, true, 202, true]);
    for (const [status, answer] of [[401, call(sign('x'))], [400, call(sign(body), null)], [404, call(sign(body), ada.id)]]) {
        const found = await answer;
        assert.deepEqual([found.status, found.data, typeof found.error.error], [status, null, 'string']);
    }
});
