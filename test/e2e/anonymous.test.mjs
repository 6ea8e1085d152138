// Who is not signed in sees nothing and calls nothing; nor does a token that somebody else has signed.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { anonymous, dba, refused, service, signUp } from './clients.mjs';

const { HELIX_URL, HELIX_PUBLISHABLE_KEY } = process.env;

test('no relation of helix answers an anonymous caller', async () => {
    const relations =
        await dba`SELECT relname AS name FROM pg_class WHERE relnamespace = 'helix'::regnamespace AND relkind IN ('r', 'v')`;
    assert.ok(relations.length >= 18, String(relations.length));
    for (const { name } of relations) {
        await refused(anonymous().from(name).select(), { status: 401, code: '42501' });
    }
});

test('no function of helix answers an anonymous caller, but for the webhooks\'', async () => {
    const functions = await dba`
        SELECT p.proname AS name, array_agg(has_function_privilege('anon', p.oid, 'EXECUTE')) AS allowed
          FROM pg_proc p WHERE p.pronamespace = 'helix'::regnamespace GROUP BY 1`;
    assert.ok(functions.length >= 50, String(functions.length));
    assert.deepEqual(functions.filter(row => row.allowed.includes(true)).map(row => row.name).sort(),
        ['webhook_receive', 'webhook_trigger']);
    await refused(anonymous().rpc('current_user_id'), { status: 401, code: '42501' });
    await refused(anonymous().rpc('cache_flush_all'), { status: 401, code: '42501' });
    await refused(anonymous().rpc('record_operation_execution', {
        p_user_id: '8f14e45f-ceea-467f-a9ab-000000000001', p_operation_id: 'email-compose', p_date: null, p_success: true,
            p_latency_ms: 1,
        p_cost_usd: 1, p_model_used: 'openai',
    }), { status: 401, code: '42501' });
});

test('what is the service\'s is refused to users', async () => {
    const ada = await signUp('ada');
    const functions = await dba`
        SELECT p.proname AS name FROM pg_proc p WHERE p.pronamespace = 'helix'::regnamespace AND p.pronargs = p.pronargdefaults
           AND has_function_privilege('service_role', p.oid, 'EXECUTE')
           AND NOT has_function_privilege('authenticated', p.oid, 'EXECUTE')`;
    assert.deepEqual(functions.map(row => row.name).sort(), ['cache_flush_all', 'cache_stats', 'cron_status', 'fold',
        'ledger_status', 'secret_cache_status',
        'verify_ledger']);
    for (const { name } of functions) {
        await refused(ada.rpc(name), { status: 403, code: '42501', message: new RegExp(name) });
    }
    await refused(service().rpc('grant_api_access', { p_authenticated: 'anon', p_service: 'service_role' }),
        { status: 403, code: '42501' });
});

test('helix_internal is not exposed, to nobody', async () => {
    for (const caller of [anonymous(), await signUp('ada'), service()]) {
        await refused(caller.schema('helix_internal').from('executions').select(), { status: 406, code: 'PGRST106' });
    }
});

test('a token of somebody else\'s making is refused', async () => {
    const ada = await signUp('ada');
    const [header, claims] = ada.token.split('.').slice(0, 2);
    const forged = { ...JSON.parse(Buffer.from(claims, 'base64url')), role: 'service_role' };
    const unsigned = `${header}.${Buffer.from(JSON.stringify(forged)).toString('base64url')}`;
    const signature = createHmac('sha256', 'a guess').update(unsigned).digest('base64url');
    for (const token of [`${unsigned}.${signature}`, `${unsigned}.`, `${unsigned}.${ada.token.split('.')[2]}`]) {
        const answer = await fetch(`${HELIX_URL}/rest/v1/cost_trends`, {
            headers: { apikey: HELIX_PUBLISHABLE_KEY, Authorization: `Bearer ${token}`, 'Accept-Profile': 'helix' },
        });
        assert.equal(answer.status, 401, await answer.text());
    }
});
