// examples/nginx, run as it is by Debian's nginx: the call that webhook senders make, down to the queue.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { data, dba, makeWebhook, sign, signUp } from './clients.mjs';

const { HELIX_URL, HELIX_PUBLISHABLE_KEY } = process.env;
const folder = mkdtempSync(`${tmpdir()}/helix-nginx.`);
let nginx, url, ada, id;

function freePort() {
    return new Promise(resolve => {
        const probe = createServer().listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

/** nginx with an example's configuration, in which only the marked values are changed. */
async function start(file, marked) {
    const port = await freePort();
    const example = Object.entries({ ...marked, 'listen 8080': `listen 127.0.0.1:${port}` }).reduce((text, [from, to]) => {
        assert.ok(text.includes(from), `${file} has ${from}`);
        return text.replace(from, to);
    }, readFileSync(`../nginx/${file}`, 'utf8'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`)
        .join('\n');
    writeFileSync(`${folder}/${port}.conf`, `
        include /etc/nginx/modules-enabled/*.conf;
        daemon off; master_process off; pid ${folder}/${port}.pid; error_log ${folder}/error.log;
        events { }
        http { access_log off; ${temporary}
        ${example} }`);
    const process = spawn('/usr/sbin/nginx', ['-e', `${folder}/error.log`, '-c', `${folder}/${port}.conf`],
        { stdio: ['ignore', 'ignore', 'inherit'] });
    const address = `http://127.0.0.1:${port}/functions/v1/webhook-trigger`;
    for (let tries = 100; ; --tries) {
        try {
            await fetch(address);
            return { process, address };
        } catch (error) {
            assert.ok(tries > 0 && process.exitCode === null, `nginx does not start: ${readFileSync(`${folder}/error.log`)}`);
            await pause(50);
        }
    }
}

const startForLite = api => start('webhook.conf', {
    '/etc/nginx/helix': new URL('../nginx', import.meta.url).pathname, 'http://127.0.0.1:54321': api,
        'sb_publishable_…': HELIX_PUBLISHABLE_KEY,
});

before(async () => {
    ({ process: nginx, address: url } = await startForLite(HELIX_URL));
    ada = await signUp('ada');
    id = await makeWebhook(ada);
});

after(async () => {
    nginx.kill();
    rmSync(folder, { recursive: true });
});

async function post(body, { signature = sign(body), query = `?id=${id}`, address = url, ...headers } = {}) {
    const answer = await fetch(address + query, {
        method: 'POST', body, headers: { 'Content-Type': 'application/json', ...(signature && { 'X-Webhook-Signature': signature }),
            ...headers },
    });
    return { status: answer.status, type: answer.headers.get('Content-Type'), body: await answer.json() };
}

test('a sender\'s POST is answered 202 and queued', async () => {
    const body = '{"event" : "mail",\n  "to":"Zoë ☃"}'; // as it came: spaces, order, line break
    const answer = await post(body);
    assert.deepEqual([answer.status, answer.type, answer.body.accepted, answer.body.schedule_id],
        [202, 'application/json', true, id]);
    assert.equal((await post(body)).body.duplicate, true);
    const queued = await data(ada.from('schedule_executions').select('id, triggered_by, payload').eq('schedule_id', id));
    assert.deepEqual(queued, [{ id: answer.body.execution_id, triggered_by: 'webhook', payload: { event: 'mail', to: 'Zoë ☃' } }]);
});

test('every other case has its status and an error', async () => {
    for (const [status, answer] of [
        [401, post('{}', { signature: sign('{ }') })], [401, post('{}', { signature: null })], [400, post('{}', { query: '' })],
        [400, post('{}', { query: '?id=7' })], [400, post('')], [404, post('{}', { query: `?id=${ada.id}` })],
        [413, post(`"${'x'.repeat(1 << 20)}"`)],
    ]) {
        const { status: found, body } = await answer;
        assert.equal(found, status, JSON.stringify(body));
        assert.equal(typeof body.error, 'string');
    }
    const get = await fetch(`${url}?id=${id}`);
    assert.deepEqual([get.status, get.headers.get('Allow')], [405, 'POST']);
    assert.equal((await fetch(url.replace('functions/v1/webhook-trigger', 'helix-webhook-trigger'), { method: 'POST' })).status,
        404);
});

test('a body of just under the limit arrives whole', async () => {
    const body = JSON.stringify({ text: '"\\☃'.repeat(100_000) });
    const answer = await post(body);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
});

test('the sender\'s headers reach the schemes that sign with them', async () => {
    const body = '{"zen": "speak like a human"}', hub = await makeWebhook(ada);
    await data(ada.from('operation_schedules').update({ webhook_scheme: 'github' }).eq('id', hub));
    const send = signature => post(body, { query: `?id=${hub}`, signature: null, 'X-Hub-Signature-256': `sha256=${signature}` });
    assert.equal((await send(sign('{}'))).status, 401);
    assert.equal((await send(sign(body))).status, 202);
});

test('bytes that are no text arrive as they came', async () => {
    const hook = await makeWebhook(ada), query = `?id=${hook}`;
    for (const body of [Buffer.from('{"nul": "\0"}'), Buffer.from([0xff, 0x00, 0xfe, 0x0a])]) {
        const answer = await post(body, { query });
        assert.deepEqual([answer.status, answer.body.accepted], [202, true], JSON.stringify(answer.body));
        assert.equal((await post(body, { query, signature: sign('other') })).status, 401);
    }
    const kept = await data(ada.from('webhook_events').select('payload').eq('schedule_id', hook)
        .eq('event_type', 'webhook_received').order('created_at'));
    assert.deepEqual(kept.map(row => row.payload.base64),
        [Buffer.from('{"nul": "\0"}').toString('base64'), Buffer.from([0xff, 0x00, 0xfe, 0x0a]).toString('base64')]);
});

/** A webhook of a scheme, and Meta's GET of it. */
async function withScheme(scheme) {
    const hook = await makeWebhook(ada);
    await data(ada.from('operation_schedules').update({ webhook_scheme: scheme }).eq('id', hook));
    return hook;
}
async function askAsMeta(address, hook) {
    const [{ token }] = await dba`SELECT helix.webhook_verify_token(${hook}) AS token`;
    const ask = async verify => {
        const answer = await fetch(`${address}?id=${hook}&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${verify}`);
        return [answer.status, await answer.text()];
    };
    assert.deepEqual(await ask(token), [200, '1158201444']);
    assert.equal((await ask('guess'))[0], 401);
}

test('challenges are answered as their senders want it', async () => {
    await askAsMeta(url, await withScheme('meta'));
    const time = String(Math.floor(Date.now() / 1000)), slack = await withScheme('slack');
    const body = '{"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}';
    const ask = signature => post(body, { query: `?id=${slack}`, signature: null, 'X-Slack-Request-Timestamp': time,
        'X-Slack-Signature': `v0=${signature}` });
    assert.deepEqual((await ask(sign(`v0:${time}:${body}`))).body,
        { challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' });
    assert.equal((await ask(sign(body))).status, 401);
    await dba`INSERT INTO helix.webhook_schemes (name, signature_header, challenge_in, challenge_field, challenge_value,
        challenge_token, challenge_reply, challenge_reply_type) VALUES ('e2e-text', 'x-e2e', 'body', 'ask', '1', 'say', '{token}',
        'text'), ('e2e-empty', 'x-e2e', 'body', 'ask', '1', NULL, '', 'text')`;
    await dba`UPDATE helix.webhook_schemes SET challenge_status = 204 WHERE name = 'e2e-empty'`;
    const raw = async (hook, said) => {
        const answer = await fetch(`${url}?id=${hook}`, { method: 'POST', body: said, headers: { 'X-E2e': sign(said) } });
        return [answer.status, answer.headers.get('Content-Type'), await answer.text()];
    };
    assert.deepEqual(await raw(await withScheme('e2e-text'), '{"ask": 1, "say": "h\\u0022i"}'), [200, 'text/plain', 'h"i']);
    const [status, , text] = await raw(await withScheme('e2e-empty'), '{"ask": 1}');
    assert.deepEqual([status, text], [204, '']);
});

test('an API that is down is 502, so that senders try again', async () => {
    const { process, address } = await startForLite(`http://127.0.0.1:${await freePort()}`);
    try {
        const answer = await post('{}', { address });
        assert.deepEqual([answer.status, typeof answer.body.error], [502, 'string']);
    } finally {
        process.kill();
    }
});

/** What PostgREST does with a call of webhook_receive(bytea) by an anonymous sender. */
async function standInForPostgrest(request, response) {
    const body = Buffer.concat(await request.toArray());
    assert.deepEqual([request.url, request.headers['content-type'], request.headers['content-profile'],
        request.headers.authorization],
        ['/rpc/webhook_receive', 'application/octet-stream', 'helix', undefined]);
    const [answer] = await dba.begin(async sql => {
        await sql`SELECT set_config('role', 'anon', true), set_config('request.jwt.claims', '{"role": "anon"}', true),
            set_config('request.method', ${request.method}, true),
            set_config('request.headers', ${JSON.stringify(request.headers)}, true)`;
        const [{ found }] = await sql`SELECT helix.webhook_receive(${body}::bytea)::text AS found`;
        return sql`SELECT ${found} AS body, current_setting('response.status') AS status`;
    });
    response.writeHead(Number(answer.status), { 'Content-Type': 'application/json' }).end(answer.body);
}

test('PostgREST gets the raw body, bytes that are no text too', async () => {
    const server = createHttpServer((request, response) => standInForPostgrest(request, response)
        .catch(error => response.writeHead(500).end(JSON.stringify({ error: error.message }))));
    const port = await freePort();
    server.listen(port, '127.0.0.1');
    const { process, address } = await start('webhook-postgrest.conf', { '127.0.0.1:3000': `127.0.0.1:${port}` });
    try {
        const hook = await makeWebhook(ada), body = Buffer.from([0xff, 0x00, 0xfe, 0x0a]), query = `?id=${hook}`;
        const answer = await post(body, { address, query, Authorization: 'Basic c2VuZGVy' });
        assert.deepEqual([answer.status, answer.body.accepted, answer.body.schedule_id], [202, true, hook],
            JSON.stringify(answer.body));
        assert.equal((await post(body, { address, query, signature: sign('other') })).status, 401);
        assert.equal((await post(body, { address, query: '' })).status, 400);
        assert.equal((await fetch(address + query)).status, 405);
        await askAsMeta(address, await withScheme('meta'));
        const [{ payload }] = await data(ada.from('webhook_events').select('payload').eq('schedule_id', hook).eq('event_type',
            'webhook_received'));
        assert.deepEqual(payload, { base64: body.toString('base64') });
    } finally {
        process.kill();
        server.close();
    }
});
