// What the tests share: clients of the API as anonymous, signed-up and service callers, and what to expect of an answer.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after } from 'node:test';
import { createClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import postgres from 'postgres';
import ws from 'ws';

const { HELIX_URL, HELIX_PUBLISHABLE_KEY, HELIX_SECRET_KEY, PGHOST } = process.env;

function client(key) {
    return createClient(HELIX_URL, key, {
        db: { schema: 'helix' },
        auth: { persistSession: false, autoRefreshToken: false },
        realtime: { transport: ws }, // Node 20 has no WebSocket of its own
    });
}

export const anonymous = () => client(HELIX_PUBLISHABLE_KEY);
export const service = () => client(HELIX_SECRET_KEY);

let people = 0;

/** Signs up somebody new; his calls carry his JWT from then on. */
export async function signUp(name) {
    const person = anonymous();
    const { data, error } = await person.auth.signUp({
        email: `${name}.${process.pid}.${++people}@example.com`,
        password: `correct horse ${process.pid}`,
    });
    assert.equal(error, null);
    assert.ok(data.session, 'a session comes with the sign-up');
    return Object.assign(person, { id: data.user.id, token: data.session.access_token });
}

const tokenSecret = new TextEncoder().encode(process.env.HELIX_SECRET_JWT);

/** A token as an application with accounts of its own issues it. */
export const makeToken = (claims, { secret = tokenSecret, expires = '1 h' } = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setIssuedAt().setExpirationTime(expires).sign(secret);

/** A client whose calls carry this token. */
export function clientWith(token) {
    return createClient(HELIX_URL, HELIX_PUBLISHABLE_KEY, {
        db: { schema: 'helix' }, accessToken: async () => token, realtime: { transport: ws },
    });
}

/** Somebody with such a token, without a sign-up. */
export async function signIn() {
    const id = randomUUID();
    const token = await makeToken({ role: 'authenticated', sub: id });
    return Object.assign(clientWith(token), { id, token });
}

/** The service, by a token too. */
export const serviceByToken = async () => clientWith(await makeToken({ role: 'service_role' }));

/** The data of an answer that has to be a success. */
export async function data(answer) {
    const { data, error, status } = await answer;
    assert.equal(error, null, `HTTP ${status} ${JSON.stringify(error)}`);
    return data;
}

/** Checks that an answer is this error: status and code exactly, message, details and hint by expression where given. */
export async function refused(answer, { status, code, ...texts }) {
    const found = await answer;
    assert.ok(found.error, `no error, but HTTP ${found.status} ${JSON.stringify(found.data)}`);
    assert.deepEqual({ status: found.status, code: found.error.code }, { status, code }, JSON.stringify(found.error));
    for (const [field, expression] of Object.entries(texts)) {
        assert.match(String(found.error[field]), expression);
    }
    assert.equal(found.data, null);
    return found.error;
}

/** A webhook of somebody's, signed with env://HELIX_SECRET_E2E; its id. */
export async function makeWebhook(person) {
    const row = { user_id: person.id, operation_id: 'email-respond', schedule_type: 'webhook',
        webhook_secret_ref: 'env://HELIX_SECRET_E2E' };
    return (await data(person.from('operation_schedules').insert(row).select('id').single())).id;
}

export const sign = body => createHmac('sha256', process.env.HELIX_SECRET_E2E).update(body).digest('hex');

/** Calls a webhook as an anonymous sender. */
export const callWebhook = (id, body, signature = sign(body)) =>
    anonymous().rpc('webhook_trigger', { p_schedule_id: id, p_payload: body, p_signature: signature });

/** The DBA's connection, for what no client may do. */
export const dba = postgres({ host: PGHOST, username: 'postgres', database: 'postgres', max: 1, onnotice: () => {} });
after(() => dba.end());
