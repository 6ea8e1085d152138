// Budgets: reservations that are refused over HTTP, settled by a recording, and released.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, service, signUp } from './clients.mjs';

const operation = { p_operation_id: 'email-compose' };
const remaining = person => data(person.rpc('get_remaining_budget', { p_user_id: person.id, ...operation }));
const reserve = (person, p_amount_usd, more) => person.rpc('reserve_budget', { p_user_id: person.id, ...operation, p_amount_usd,
    ...more });

test('a budget refuses what does not fit, and says why', async () => {
    const ada = await signUp('ada');
    assert.equal(await remaining(ada), null);
    const budget = await data(ada.from('budgets')
        .insert({ user_id: ada.id, period: 'day', limit_usd: 2, time_zone: 'Europe/Berlin' }).select().single());
    const reservation = await data(reserve(ada, 0.5));
    assert.equal(await remaining(ada), 1.5);
    const error = await refused(reserve(ada, 1.75), {
        status: 400, code: 'HX001', message: /^budget exceeded$/,
        details: /limit 2 USD per day, spent 0, reserved 0.5, requested 1.75; resets at \d{4}-\d\d-\d\d/,
        hint: /reserve less, or raise the limit/,
    });
    assert.ok(error.details.includes(budget.id));
    assert.equal(await data(ada.rpc('is_within_budget', { p_user_id: ada.id, ...operation, p_estimated_cost: 1.5 })), true);
    assert.equal(await data(ada.rpc('is_within_budget', { p_user_id: ada.id, ...operation, p_estimated_cost: 1.5000001 })), false);
    assert.equal(await data(ada.rpc('release_reservation', { p_reservation_id: reservation })), true);
    assert.equal(await data(ada.rpc('release_reservation', { p_reservation_id: reservation })), false);
    assert.equal(await remaining(ada), 2);
});

test('a recording settles its reservation at the exact cost', async () => {
    const ada = await signUp('ada');
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 10 }));
    const p_reservation_id = await data(reserve(ada, 4));
    assert.equal(await remaining(ada), 6);
    await data(ada.rpc('record_operation_execution', {
        p_user_id: ada.id, ...operation, p_date: null, p_success: true, p_latency_ms: 900, p_cost_usd: 0.31, p_model_used: 'openai',
            p_reservation_id,
    }));
    assert.equal(await remaining(ada), 9.69);
    const month = new Date().toISOString().slice(0, 7);
    assert.deepEqual(await data(ada.from('cost_budgets').select('month, monthly_budget_usd, spent_amount_usd')),
        [{ month, monthly_budget_usd: 10, spent_amount_usd: 0.31 }]);
    const [status] = await data(ada.rpc('budget_status', { p_user_id: ada.id }));
    assert.deepEqual([status.scope, status.limit_usd, status.spent_usd, status.reserved_usd, status.level],
        ['user', 10, 0.31, 0, 'ok']);
    await refused(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: -1 }),
        { status: 400, code: '22003', details: /-1/ });
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: null }));
    assert.deepEqual(await data(ada.from('cost_budgets').select()), []);
});

test('what is recorded without a reservation is never refused', async () => {
    const ada = await signUp('ada');
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 1 }));
    await data(ada.rpc('record_operation_execution', {
        p_user_id: ada.id, ...operation, p_date: null, p_success: true, p_latency_ms: 1, p_cost_usd: 1.25, p_model_used: 'openai',
    }));
    assert.equal(await remaining(ada), -0.25);
    await refused(reserve(ada, 0.01), { status: 400, code: 'HX001', details: /spent 1.25/ });
});

test('reservers at once never pass the limit, and all that fits is given', async () => {
    const ada = await signUp('ada');
    await data(ada.rpc('set_cost_budget', { p_user_id: ada.id, p_amount: 1 }));
    const answers = await Promise.all(Array.from({ length: 12 }, () => reserve(ada, 0.125)));
    assert.equal(answers.filter(answer => answer.error === null).length, 8);
    assert.deepEqual(answers.flatMap(answer => answer.error?.code ?? []), Array(4).fill('HX001'));
    assert.equal(Number(await remaining(ada)), 0);
});

test('a preference with a monthly budget is one too', async () => {
    const ada = await signUp('ada');
    await data(ada.rpc('set_operation_preference', { p_user_id: ada.id, ...operation, p_cost_budget_monthly: 0.2 }));
    assert.equal(await remaining(ada), 0.2);
    await refused(reserve(ada, 0.3), { status: 400, code: 'HX001' });
});

test('a group shares a budget that only the service may change', async () => {
    const [ada, bob] = [await signUp('ada'), await signUp('bob')], root = service();
    const group = await data(root.from('budget_groups').insert({ name: `tenant of ${ada.id}` }).select('id').single());
    await data(root.from('budget_group_members').insert([ada, bob].map(person => ({ group_id: group.id, user_id: person.id }))));
    await data(root.from('budgets').insert({ group_id: group.id, period: 'month', limit_usd: 3 }));
    await data(reserve(ada, 2));
    assert.equal(await remaining(bob), 1);
    await refused(reserve(bob, 1.5), { status: 400, code: 'HX001', details: /reserved 2/ });
    assert.deepEqual(await data(bob.from('budgets').update({ limit_usd: 100 }).eq('group_id', group.id).select()), []);
    await refused(bob.from('budget_groups').insert({ name: 'mine' }), { status: 403, code: '42501' });
    assert.equal(await remaining(bob), 1);
});

test('arguments out of range are refused', async () => {
    const ada = await signUp('ada');
    await refused(reserve(ada, -1), { status: 400, code: '22003' });
    await refused(reserve(ada, 1, { p_ttl: '0 seconds' }), { status: 400, code: '22023' });
    await refused(ada.rpc('reserve_budget', { p_user_id: ada.id, p_operation_id: 'nope', p_amount_usd: 1 }),
        { status: 400, code: '42704' });
});
