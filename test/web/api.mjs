// The pages and the API behind one address: by helix-edge where HELIX_EDGE names the program, else by @supabase/lite, which stands
// for PostgREST and Supabase, behind a small server of files that sends the headers of docs/dashboard.md.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { getRequestListener } from '@hono/node-server';

const { PGHOST, HELIX_PAGES, HELIX_EDGE, HELIX_SECRET_JWT } = process.env;

const base64url = value => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed-in user's token, as an application or helix.edge_token() makes it. */
export function token(userId, { expiresIn = 3600, secret = HELIX_SECRET_JWT } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const head = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: userId, role: 'authenticated', aud: 'authenticated',
        iat: now, exp: now + expiresIn })}`;
    return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
}

const headers = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
};
const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8',
    svg: 'image/svg+xml', json: 'application/json' };

async function servePage(request, response, key) {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    if (path === '/config.json') {
        response.writeHead(200, { ...headers, 'Content-Type': types.json });
        response.end(JSON.stringify({ url: '', key }));
        return;
    }
    const name = /\.\w+$/.test(path) ? path : `${path}.html`;
    try {
        const content = await readFile(join(HELIX_PAGES, name));
        response.writeHead(200, { ...headers, 'Content-Type': types[name.split('.').pop()] ?? 'application/octet-stream' });
        response.end(content);
    } catch {
        response.writeHead(404).end();
    }
}

async function makeLite() {
    console.error = console.log = () => {}; // it tells of every refused request: not among the tests' results
    const { App, generateApiKey } = await import('@supabase/lite');
    const { createPostgresConnection } = await import('@supabase/lite/postgres');
    const { key: publishableKey } = await generateApiKey('publishable');
    const { key: secretKey } = await generateApiKey('secret');
    const app = new App({
        connection: createPostgresConnection({ postgresOptions: { host: PGHOST, username: 'postgres', database: 'postgres',
            onnotice: () => {} } }),
        api: { enabled: true, schemas: ['helix'] },
        auth: { enabled: true, jwt_secret: HELIX_SECRET_JWT, publishable_key: publishableKey, secret_key: secretKey },
        options: { server: { admin: false, disableStudio: true } },
    });
    await app.ensureSystemSchema();
    return { answer: getRequestListener(request => app.fetch(request)), close: () => app.connection.close(),
        publishableKey, secretKey };
}

/** With its first request the stand-in grants everything to its roles; what may stay, helix says after it. */
async function startLite(grant) {
    const lite = await makeLite();
    const server = createServer((request, response) =>
        (request.url.startsWith('/rest/') ? lite.answer(request, response) : servePage(request, response, lite.publishableKey)));
    const listen = async port => {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
        return server.address().port;
    };
    const stop = async () => {
        server.closeAllConnections();
        await new Promise(resolve => server.close(resolve));
    };
    const port = await listen(0), url = `http://127.0.0.1:${port}`;
    await fetch(`${url}/rest/v1/operations?select=operation_id`,
        { headers: { apikey: lite.secretKey, 'Accept-Profile': 'helix' } });
    await grant();
    return { url, stop, start: () => listen(port), close: async () => { await stop(); await lite.close(); } };
}

async function startEdge() {
    let edge, port = 0;
    const start = async () => {
        edge = spawn(HELIX_EDGE, ['--database', `host=${PGHOST} user=postgres dbname=postgres`, '--listen', `127.0.0.1:${port}`,
            '--pages', HELIX_PAGES], { stdio: ['ignore', 'inherit', 'pipe'] });
        for await (const line of createInterface({ input: edge.stderr })) {
            port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
            if (port > 0) {
                edge.stderr.resume();
                return;
            }
        }
        throw new Error('helix-edge did not start');
    };
    const stop = async () => {
        edge.kill('SIGKILL');
        await once(edge, 'exit');
    };
    await start();
    return { url: `http://127.0.0.1:${port}`, stop, start, close: stop };
}

export const startApi = grant => (HELIX_EDGE ? startEdge() : startLite(grant));
