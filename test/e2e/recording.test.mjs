// Recording executions, one by one and many at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, signUp } from './clients.mjs';

const execution = person => ({
    p_user_id: person.id, p_operation_id: 'email-compose', p_date: '2026-11-20', p_success: true, p_latency_ms: 1240,
    p_cost_usd: 0.0123, p_model_used: 'anthropic',
});

test('an execution is recorded by named parameters and read back', async () => {
    const ada = await signUp('ada');
    const id = await data(ada.rpc('record_operation_execution', execution(ada)));
    const rows = await data(ada.from('executions')
        .select('id, user_id, operation_id, date, success, latency_ms, cost_usd, model_used'));
    assert.deepEqual(rows, [{
        id, user_id: ada.id, operation_id: 'email-compose', date: '2026-11-20', success: true, latency_ms: 1240, cost_usd: 0.0123,
        model_used: 'anthropic',
    }]);
});

test('tokens are priced where no cost is given, and a request id counts once', async () => {
    const ada = await signUp('ada');
    const call = {
        ...execution(ada), p_cost_usd: null, p_model_used: 'claude-haiku-4-5', p_input_tokens: 2400, p_output_tokens: 12,
        p_request_id: 'req-1', p_metadata: { thread: [1, 'two'] },
    };
    const id = await data(ada.rpc('record_operation_execution', call));
    assert.equal(await data(ada.rpc('record_operation_execution', call)), id);
    const rows = await data(ada.from('executions').select('id, cost_usd, model, input_tokens, output_tokens, metadata'));
    assert.deepEqual(rows, [{
        id, cost_usd: 0.00246, model: 'claude-haiku-4-5', input_tokens: 2400, output_tokens: 12, metadata: { thread: [1, 'two'] },
    }]);
});

test('many executions are recorded by one call, or none of them', async () => {
    const ada = await signUp('ada');
    const many = [0.1, 0.2, 0.3].map((cost, place) => ({
        user_id: ada.id, operation_id: 'task-breakdown', date: '2026-11-21', success: place !== 2, latency_ms: 100 * place,
            cost_usd: cost,
        model_used: 'openai', request_id: `bulk-${place}`,
    }));
    const ids = await data(ada.rpc('record_operation_executions', { p_executions: many }));
    assert.equal(new Set(ids).size, 3);
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id, p_month: '2026-11-30' })), 0.6);
    const bad = [{ ...many[0], request_id: 'x' }, { ...many[1], request_id: 'y', operation_id: 'no-such-operation' }];
    await refused(ada.rpc('record_operation_executions', { p_executions: bad }),
        { status: 400, code: '42704', message: /unknown operation/, details: /element 1.*no-such-operation/ });
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id, p_month: '2026-11-30' })), 0.6);
});

test('each of many is recorded or answered for itself; a NUL in the text of one harms no other', async () => {
    const ada = await signUp('ada');
    const bob = await signUp('bob');
    const good = { user_id: ada.id, operation_id: 'task-breakdown', date: '2026-11-21', success: true, cost_usd: 0.1,
        model_used: 'openai' };
    const many = [good, { ...good, operation_id: 'no-such-operation' }, { ...good, user_id: bob.id }, good];
    const rows = await data(ada.rpc('record_operation_executions_each', { p_executions: many }));
    assert.deepEqual(rows.map(row => [row.element, row.id > 0, row.sqlstate]),
        [[0, true, null], [1, false, '42704'], [2, false, '42501'], [3, true, null]]);
    assert.match(rows[1].detail, /element 1.*no-such-operation/);
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id, p_month: '2026-11-30' })), 0.2);
    const text = JSON.stringify([good, { ...good, metadata: { name: 'a\u0000b' } }, good]);
    const answers = await data(ada.rpc('record_operation_executions_each', { p_json: text }));
    assert.deepEqual(answers.map(row => row.sqlstate), [null, '22P05', null]);
    assert.match(answers[1].detail, /element 1, field "metadata"/);
    assert.equal(await data(ada.rpc('get_total_monthly_cost', { p_user_id: ada.id, p_month: '2026-11-30' })), 0.4);
});

test('a row inserted into executions is recorded; nothing changes or deletes one', async () => {
    const ada = await signUp('ada');
    await data(ada.from('executions').insert({ user_id: ada.id, operation_id: 'email-compose', date: '2026-11-20', success: true,
        cost_usd: 3 }));
    assert.equal(await data(ada.rpc('get_operation_monthly_cost',
        { p_user_id: ada.id, p_operation_id: 'email-compose', p_month: '2026-11-01' })), 3);
    await refused(ada.from('executions').update({ cost_usd: 0 }).eq('user_id', ada.id), { status: 403, code: '42501' });
    await refused(ada.from('executions').delete().eq('user_id', ada.id), { status: 403, code: '42501' });
    assert.deepEqual(await data(ada.from('executions').select('cost_usd')), [{ cost_usd: 3 }]);
});

test('bad input is refused with code, message, details and hint, and records nothing', async () => {
    const ada = await signUp('ada');
    const call = changes => ada.rpc('record_operation_execution', { ...execution(ada), ...changes });
    await refused(call({ p_cost_usd: -1 }), { status: 400, code: '22003', message: /^cost_usd is negative$/, details: /-1/,
        hint: /USD from 0/ });
    await refused(call({ p_success: null }), { status: 400, code: '22004', message: /success/ });
    await refused(call({ p_operation_id: 'no-such-operation' }), { status: 400, code: '42704', details: /no-such-operation/,
        hint: /helix\.operations/ });
    await refused(call({ p_date: '1969-12-31' }), { status: 400, code: '22008' });
    await refused(call({ p_user_id: 'ada' }), { status: 400, code: '22P02' });
    await refused(call({ p_cost: 1 }), { status: 404, code: 'PGRST202' });
    assert.deepEqual(await data(ada.from('executions').select('id')), []);
});
