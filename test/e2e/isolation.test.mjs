// Two users with JWTs of their own: neither sees, changes, or acts for what is the other's, in any relation and by any function.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { callWebhook, data, dba, makeWebhook, refused, service, signUp } from './clients.mjs';

const root = service();
let ada, bob, adas;

/** One row of everything, so that each relation has something to hide; ids of what others might name. */
async function useEverything(person) {
    const user = { p_user_id: person.id }, operation = { p_operation_id: 'email-compose' };
    await data(person.rpc('record_operation_execution',
        { ...user, ...operation, p_date: null, p_success: true, p_latency_ms: 5, p_cost_usd: 4, p_model_used: 'openai',
        p_request_id: 'shared id' }));
    await data(person.rpc('set_operation_preference', { ...user, ...operation, p_enabled: false }));
    await data(person.rpc('set_theme_preferences', { ...user, p_color_scheme: 'dark' }));
    await data(person.rpc('set_cost_budget', { ...user, p_amount: 5 }));
    const reservation = await data(person.rpc('reserve_budget', { ...user, ...operation, p_amount_usd: 0.5 }));
    const job = `job of ${person.id}`;
    await data(person.rpc('register_cron_job', { ...user, ...operation, p_job_name: job, p_schedule: '0 5 1 1 *' }));
    const schedule = await data(person.from('operation_schedules').select('id').single());
    const webhook = await makeWebhook(person);
    assert.equal((await callWebhook(webhook, '{}')).status, 202);
    const execution = await data(person.rpc('enqueue_execution', { ...user, ...operation, p_schedule_id: null }));
    const batch = await data(person.rpc('create_batch', { ...user, p_name: 'b', p_batch_type: 'parallel',
        p_operations: [{ operation_id: 'email-compose' }] }));
    await data(person.rpc('pause_queue', { ...user, p_operation_id: 'task-breakdown' }));
    const group = await data(root.from('budget_groups').insert({ name: `group of ${person.id}` }).select('id').single());
    await data(root.from('budget_group_members').insert({ group_id: group.id, user_id: person.id }));
    await data(root.from('budgets').insert({ group_id: group.id, period: 'month', limit_usd: 1000 }));
    await dba`INSERT INTO helix.optimization_recommendations (user_id, kind, subject, title, description, recommendation_type,
            priority, suggested_action, estimated_implementation_effort, extent)
        VALUES (${person.id}, 'failures', 'all', 'title', 'why', 'performance', 5, '{}', 'easy', 1)`;
    return { reservation, job, schedule: schedule.id, webhook, execution, batch, group: group.id };
}

before(async () => {
    [ada, bob] = [await signUp('ada'), await signUp('bob')];
    adas = await useEverything(ada);
    await dba`SELECT helix_internal.warn_of_budgets()`;
    await dba`VACUUM ANALYZE`; // small tables are now read whole: a check must not depend on an index
});

const relations = () => dba`
    SELECT c.relname AS name FROM pg_class c
     WHERE c.relnamespace = 'helix'::regnamespace AND c.relkind IN ('r', 'v')
       AND has_table_privilege('authenticated', c.oid, 'SELECT')
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id') ORDER BY 1`
        .then(rows => rows.map(row => row.name));

test('no relation with a user_id shows another user\'s rows, and each shows one\'s own', async () => {
    const names = await relations();
    assert.ok(names.length >= 15, names.join());
    for (const name of names) {
        const own = await data(ada.from(name).select('user_id'));
        assert.ok(own.some(row => row.user_id === ada.id), `ada sees her row of ${name}`);
        assert.deepEqual(own.filter(row => row.user_id !== ada.id && row.user_id !== null), [], name);
        assert.deepEqual(await data(bob.from(name).select()), [], `bob sees nothing of ${name}`);
        assert.deepEqual(await data(bob.from(name).select().eq('user_id', ada.id)), [], `bob asks for ada's rows of ${name}`);
        assert.notEqual((await data(root.from(name).select('user_id').eq('user_id', ada.id))).length, 0,
            `the service sees ${name}`);
    }
});

const own = () => ({
    user_operation_preferences: { operation_id: 'email-respond' }, ui_theme_preferences: {},
        executions: { operation_id: 'email-compose', success: true, cost_usd: 1 },
    budgets: { period: 'week', limit_usd: 1 }, operation_schedules: { operation_id: 'email-compose', schedule_type: 'manual' },
    schedule_executions: { schedule_id: adas.schedule, execution_status: 'failed' }, operation_batches: { name: 'b' },
    batch_operations: { batch_id: adas.batch, operation_id: 'email-compose' },
});
const change = {
    user_operation_preferences: { enabled: true }, ui_theme_preferences: { color_scheme: 'light' }, budgets: { limit_usd: 9 },
    operation_schedules: { enabled: false }, schedule_executions: { execution_status: 'success' },
    operation_batches: { status: 'completed' }, batch_operations: { status: 'completed' },
};

test('no relation takes a row for another user, or lets one change or delete his', async () => {
    const writable = await dba`
        SELECT c.relname AS name, has_table_privilege('authenticated', c.oid, 'UPDATE') AS updatable,
               has_table_privilege('authenticated', c.oid, 'DELETE') AS deletable FROM pg_class c
         WHERE c.relnamespace = 'helix'::regnamespace AND has_table_privilege('authenticated', c.oid, 'INSERT')`;
    assert.deepEqual(writable.map(row => row.name).sort(), Object.keys(own()).sort(), 'each writable relation is tried');
    for (const { name, updatable, deletable } of writable) {
        await refused(bob.from(name).insert({ ...own()[name], user_id: ada.id }), { status: 403, code: '42501' });
        if (updatable) {
            const before = await data(root.from(name).select().eq('user_id', ada.id));
            assert.deepEqual(await data(bob.from(name).update(change[name]).eq('user_id', ada.id).select()), [], name);
            if (deletable) {
                assert.deepEqual(await data(bob.from(name).delete().eq('user_id', ada.id).select()), [], name);
            }
            assert.deepEqual(await data(root.from(name).select().eq('user_id', ada.id)), before, name);
            await refused(ada.from(name).update({ user_id: bob.id }).eq('user_id', ada.id), { status: 403, code: '42501' });
        }
    }
    await refused(bob.from('user_operation_preferences').upsert({ user_id: ada.id, operation_id: 'email-compose', enabled: true },
        { onConflict: 'user_id,operation_id' }), { status: 403, code: '42501' });
});

/** Something plausible for every parameter, so that only the user is wrong. */
const values = () => ({
    p_user_id: ada.id, p_operation_id: 'email-compose', p_date: null, p_success: true, p_latency_ms: 1, p_cost_usd: 1,
        p_model_used: 'openai',
    p_start: '2026-11-01', p_end: '2026-12-01', p_start_date: '2026-11-01', p_end_date: '2026-12-01', p_step: '1 day',
    p_amount: 1, p_amount_usd: 0.01,
    p_schedule_id: adas.schedule, p_triggered_by: 'manual',
    p_estimated_cost: 0.01, p_job_name: 'bobs', p_schedule: '0 0 * * *', p_name: 'b', p_batch_type: 'parallel',
    p_response: { model: 'gpt-5', usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    p_operations: [{ operation_id: 'email-compose' }], p_updates: [{ operation_id: 'email-compose', enabled: true }],
});

test('no function with p_user_id acts for another user', async () => {
    const functions = await dba`
        SELECT p.proname AS name, p.proargnames[1:p.pronargs - p.pronargdefaults] AS required FROM pg_proc p
         WHERE p.pronamespace = 'helix'::regnamespace AND has_function_privilege('authenticated', p.oid, 'EXECUTE')
           AND 'p_user_id' = ANY (p.proargnames[1:p.pronargs])
           AND p.proargtypes[array_position(p.proargnames, 'p_user_id') - 1] = 'uuid'::regtype
         ORDER BY 1`;
    assert.ok(functions.length >= 24, String(functions.length));
    for (const { name, required } of functions) {
        const args = { p_user_id: ada.id };
        if (name === 'enqueue_execution') {
            Object.assign(args, { p_schedule_id: null, p_operation_id: 'email-compose' });
        }
        for (const parameter of required.filter(parameter => !(parameter in args))) {
            assert.ok(parameter in values(), `what to pass for ${parameter} of ${name}?`);
            args[parameter] = values()[parameter];
        }
        const answer = await bob.rpc(name, args);
        assert.deepEqual([name, answer.status, answer.error?.code, answer.data], [name, 403, '42501', null]);
    }
});

test('another user\'s ids are of no use', async () => {
    await refused(bob.rpc('record_operation_executions',
        { p_executions: [{ user_id: ada.id, operation_id: 'email-compose', success: true, cost_usd: 1 }] }),
        { status: 403, code: '42501' });
    await refused(bob.rpc('release_reservation', { p_reservation_id: adas.reservation }), { status: 403, code: '42501' });
    await refused(bob.rpc('unregister_cron_job', { p_job_name: adas.job }), { status: 403, code: '42501' });
    assert.equal(await data(bob.rpc('check_cron_job_exists', { p_job_name: adas.job })), false);
    assert.equal(await data(ada.rpc('check_cron_job_exists', { p_job_name: adas.job })), true);
    await refused(bob.rpc('register_cron_job', { p_job_name: adas.job, p_schedule: '* * * * *', p_operation_id: 'email-compose',
        p_user_id: bob.id }),
        { status: 400, code: '42710' });
    for (const [name, args] of [
        ['enqueue_execution', { p_schedule_id: adas.schedule }], ['cancel_execution', { p_execution_id: adas.execution }],
        ['rotate_webhook_secret', { p_schedule_id: adas.webhook, p_new_secret_ref: 'env://HELIX_SECRET_OTHER' }],
        ['revoke_webhook_secret', { p_schedule_id: adas.webhook }],
        ['start_batch', { p_batch_id: adas.batch }], ['cancel_batch', { p_batch_id: adas.batch }],
    ]) {
        await refused(bob.rpc(name, args), { status: 403, code: '42501' });
    }
    assert.equal(await data(bob.rpc('schedule_is_running', { p_schedule_id: adas.schedule })), false);
    assert.deepEqual(await data(bob.rpc('get_batch_status', { p_batch_id: adas.batch })), []);
    const [status] = await data(ada.rpc('get_batch_status', { p_batch_id: adas.batch }));
    assert.equal(status.status, 'draft');
    assert.equal((await data(ada.from('schedule_executions').select('execution_status').eq('id', adas.execution)
        .single())).execution_status, 'pending');
    assert.equal(await data(ada.rpc('get_remaining_budget', { p_user_id: ada.id, p_operation_id: 'email-compose' })), 0.5);
    await refused(bob.rpc('cache_read', { p_key: `op_prefs:${ada.id}` }), { status: 403, code: '42501' });
});

test('a request id of one user is no other\'s', async () => {
    const id = await data(bob.rpc('record_operation_execution', {
        p_user_id: bob.id, p_operation_id: 'email-compose', p_date: null, p_success: true, p_latency_ms: 5, p_cost_usd: 7,
            p_model_used: 'openai', p_request_id: 'shared id',
    }));
    assert.deepEqual(await data(bob.from('executions').select('id, cost_usd')), [{ id, cost_usd: 7 }]);
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id })), 4);
});

test('the id in the token is who one is, not a header or a setting of the client', async () => {
    assert.equal(await data(bob.rpc('current_user_id')), bob.id);
    assert.equal(await data(ada.rpc('current_user_id')), ada.id);
    assert.equal(await data(root.rpc('current_user_id')), null);
});
