// Who is calling, by tokens that an application issues itself, and what is refused to whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous, clientWith, data, dba, makeToken, refused, serviceByToken, signIn } from './clients.mjs';

test('the id in the token is who one is', async () => {
    const [ada, bob] = [await signIn(), await signIn()];
    assert.equal(await data(bob.rpc('current_user_id')), bob.id);
    assert.equal(await data(ada.rpc('current_user_id')), ada.id);
    assert.equal(await data((await serviceByToken()).rpc('current_user_id')), null);
});

test('no function of helix answers an anonymous caller, but for the webhooks\'', async () => {
    const functions = await dba`
        SELECT DISTINCT p.proname AS name FROM pg_proc p
         WHERE p.pronamespace = 'helix'::regnamespace AND p.pronargs = p.pronargdefaults AND p.proname !~ '^webhook_'`;
    assert.ok(functions.length >= 8, String(functions.length));
    for (const { name } of functions) {
        await refused(anonymous().rpc(name), { status: 401, code: '42501' });
    }
});

test('no function with p_user_id acts for another user', async () => {
    const [ada, bob] = [await signIn(), await signIn()];
    const functions = await dba`
        SELECT p.proname AS name FROM pg_proc p
         WHERE p.pronamespace = 'helix'::regnamespace AND has_function_privilege('authenticated', p.oid, 'EXECUTE')
           AND p.proargnames[1] = 'p_user_id' AND p.proargtypes[0] = 'uuid'::regtype AND p.pronargs - p.pronargdefaults = 1`;
    assert.ok(functions.length >= 3, String(functions.length));
    for (const { name } of functions) {
        const answer = await bob.rpc(name, { p_user_id: ada.id });
        assert.deepEqual([name, answer.status, answer.error?.code, answer.data], [name, 403, '42501', null]);
    }
});

test('what is the service\'s is refused to users', async () => {
    const ada = await signIn(), root = await serviceByToken();
    await refused(ada.rpc('verify_ledger'), { status: 403, code: '42501', message: /verify_ledger/ });
    assert.deepEqual(await data(root.rpc('verify_ledger')), []);
    await refused(root.rpc('grant_api_access', { p_authenticated: 'anon', p_service: 'service_role' }),
        { status: 403, code: '42501' });
});

test('tokens of somebody else\'s making, and old ones, are refused', async () => {
    const claims = { role: 'service_role' };
    for (const token of [
        await makeToken(claims, { secret: new TextEncoder().encode('a guess of thirty-two characters!') }),
        await makeToken(claims, { expires: Math.floor(Date.now() / 1000) - 3600 }),
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`,
        'x',
    ]) {
        assert.equal((await clientWith(token).rpc('verify_ledger')).status, 401, token);
    }
});

test('helix_internal is not exposed, to nobody', async () => {
    for (const caller of [anonymous(), await signIn(), await serviceByToken()]) {
        await refused(caller.schema('helix_internal').rpc('fold'), { status: 406, code: 'PGRST106' });
    }
});
