// Recording and reading by calls alone: what any server does that speaks PostgREST's rpc.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, dba, refused, serviceByToken, signIn } from './clients.mjs';

const execution = person => ({
    p_user_id: person.id, p_operation_id: 'email-compose', p_date: '2026-11-20', p_success: true, p_latency_ms: 1240,
    p_cost_usd: 0.0123, p_model_used: 'anthropic',
});
const record = (person, changes) => person.rpc('record_operation_execution', { ...execution(person), ...changes });
const total = (person, p_month = '2026-11-01') => data(person.rpc('get_total_monthly_cost', { p_user_id: person.id, p_month }));

test('an execution is recorded by named parameters, and a request id counts once', async () => {
    const ada = await signIn();
    const call = { p_cost_usd: null, p_model_used: 'claude-haiku-4-5', p_input_tokens: 2400, p_output_tokens: 12,
        p_request_id: 'req-1', p_metadata: { thread: [1, 'two'], name: 'Zoë "Z" \\ \u{1F600}' } };
    const id = await data(record(ada, call));
    assert.equal(await data(record(ada, call)), id);
    const [row] = await dba`SELECT user_id, cost_usd::text, metadata FROM helix.executions WHERE id = ${id}`;
    assert.deepEqual({ ...row }, { user_id: ada.id, cost_usd: '0.00246', metadata: call.p_metadata });
});

test('money keeps every digit on the way in, as a number and as a string', async () => {
    const ada = await signIn(), cost = '123456789.0000000000000000000000000000000001';
    await data(record(ada, { p_cost_usd: cost }));
    const [row] = await dba`SELECT cost_usd::text FROM helix.executions WHERE user_id = ${ada.id}`;
    assert.equal(row.cost_usd, cost);
});

test('many calls at the same moment are each answered for themselves', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, signIn)), root = await serviceByToken();
    const [stranger] = people;
    const calls = people.flatMap((person, place) => [
        record(person, { p_cost_usd: place + 1, p_request_id: 'mine' }),
        record(person, { p_cost_usd: place + 1, p_request_id: 'mine' }),
        record(person, { p_operation_id: 'none' }),
        record(person, { p_user_id: person === stranger ? people[1].id : stranger.id }),
        root.rpc('record_operation_execution', { ...execution(person), p_cost_usd: 100 }),
    ]);
    const answers = await Promise.all(calls);
    const ids = new Set();
    for (const [place, person] of people.entries()) {
        const [first, second, unknown, foreign, byService] = answers.slice(place * 5, place * 5 + 5);
        assert.equal(first.error, null);
        assert.equal(second.data, first.data, 'the same request is the same execution');
        assert.deepEqual([unknown.status, unknown.error.code], [400, '42704']);
        assert.match(unknown.error.details, /none/);
        assert.deepEqual([foreign.status, foreign.error.code], [403, '42501']);
        assert.equal(byService.error, null);
        assert.equal(await total(person), place + 1 + 100);
        ids.add(first.data).add(byService.data);
    }
    assert.equal(ids.size, 16);
});

test('many executions are recorded by one call, or none of them', async () => {
    const ada = await signIn();
    const many = [0.1, 0.2, 0.3].map((cost_usd, place) => ({
        user_id: ada.id, operation_id: 'task-breakdown', date: '2026-11-21', success: place !== 2, latency_ms: 100 * place,
        cost_usd, model_used: 'openai', request_id: `bulk-${place}`,
    }));
    assert.equal(new Set(await data(ada.rpc('record_operation_executions', { p_executions: many }))).size, 3);
    const bad = [{ ...many[0], request_id: 'x' }, { ...many[1], request_id: 'y', operation_id: 'no-such-operation' }];
    await refused(ada.rpc('record_operation_executions', { p_executions: bad }),
        { status: 400, code: '42704', message: /unknown operation/, details: /element 1.*no-such-operation/ });
    assert.equal(await total(ada), 0.6);
});

test('each of many is recorded or answered for itself; a NUL in the text of one harms no other', async () => {
    const ada = await signIn(), bob = await signIn();
    const good = { user_id: ada.id, operation_id: 'task-breakdown', date: '2026-11-21', success: true, cost_usd: 0.1,
        model_used: 'openai' };
    const rows = await data(ada.rpc('record_operation_executions_each',
        { p_executions: [good, { ...good, operation_id: 'none' }, { ...good, user_id: bob.id }, good] }));
    assert.deepEqual(rows.map(row => [row.element, row.id > 0, row.sqlstate]),
        [[0, true, null], [1, false, '42704'], [2, false, '42501'], [3, true, null]]);
    const answers = await data(ada.rpc('record_operation_executions_each',
        { p_json: JSON.stringify([good, { ...good, metadata: { name: 'a\u0000b' } }]) }));
    assert.deepEqual(answers.map(row => row.sqlstate), [null, '22P05']);
    assert.equal(Number(await total(ada)), 0.3);
});

test('bad input is refused with code, message, details and hint, and records nothing', async () => {
    const ada = await signIn();
    await refused(record(ada, { p_cost_usd: -1 }), { status: 400, code: '22003', message: /^cost_usd is negative$/, details: /-1/,
        hint: /USD from 0/ });
    await refused(record(ada, { p_success: null }), { status: 400, code: '22004', message: /success/ });
    await refused(record(ada, { p_operation_id: 'no-such-operation' }), { status: 400, code: '42704',
        details: /no-such-operation/, hint: /helix\.operations/ });
    await refused(record(ada, { p_date: '1969-12-31' }), { status: 400, code: '22008' });
    await refused(record(ada, { p_user_id: 'ada' }), { status: 400, code: '22P02' });
    await refused(record(ada, { p_cost: 1 }), { status: 404, code: 'PGRST202' });
    assert.equal(await total(ada), 0);
});

test('reading functions answer GET, and one row is one object', async () => {
    const ada = await signIn();
    await data(record(ada, { p_date: null, p_cost_usd: 0.5 }));
    const args = { p_user_id: ada.id, p_days: 1 };
    const [row] = await data(ada.rpc('get_cost_trends', args));
    assert.deepEqual([row.total_operations, row.total_cost_usd, row.anthropic_cost], [1, 0.5, 0.5]);
    assert.deepEqual(await data(ada.rpc('get_cost_trends', args, { get: true })), [row]);
    assert.deepEqual(await data(ada.rpc('get_cost_trends', args).single()), row);
    await refused(ada.rpc('get_cost_trends', { ...args, p_days: 0 }), { status: 400, code: '22023', details: /0/ });
});

test('months and rates by function; null and booleans', async () => {
    const ada = await signIn();
    await data(record(ada, { p_cost_usd: '1.000000000001' }));
    await data(record(ada, { p_cost_usd: 0, p_success: false }));
    assert.equal(await total(ada), 1.000000000001);
    assert.equal(await total(ada, '2026-10-01'), 0);
    assert.equal(Number(await data(ada.rpc('calculate_success_rate', { p_user_id: ada.id, p_operation_id: 'email-compose',
        p_start_date: '2026-11-01T00:00:00Z', p_end_date: '2026-12-01T00:00:00Z' }))), 50);
    assert.equal(await data(ada.rpc('get_remaining_budget', { p_user_id: ada.id, p_operation_id: 'email-compose' })), null);
    const within = { p_user_id: ada.id, p_operation_id: 'email-compose', p_estimated_cost: 1 };
    assert.equal(await data(ada.rpc('is_within_budget', within)), true);
});
