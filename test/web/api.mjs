// The API and the pages by helix-edge, and the pages by a server of files that stands for any other.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';

const { PGHOST, HELIX_PAGES, HELIX_SECRET_JWT } = process.env;

const base64url = value => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed-in user's token, as an application makes it. */
export function token(userId, { expiresIn = 3600, secret = HELIX_SECRET_JWT } = {}) {
    const exp = Math.floor(Date.now() / 1000) + expiresIn;
    const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: userId, role: 'authenticated', exp })}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Starts helix-edge. After stop() it starts again on the same port. */
export async function startEdge(...options) {
    let edge, port = 0;
    const start = async () => {
        edge = spawn('helix-edge', ['--database', `host=${PGHOST} user=edge dbname=postgres`, '--listen', `127.0.0.1:${port}`,
            '--pages', HELIX_PAGES, '--log-requests', 'off', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
        const [words] = await once(edge.stderr, 'data');
        const found = /listening on 127\.0\.0\.1:(\d+)/.exec(words);
        if (found === null) {
            throw new Error(`helix-edge did not start: ${words}`);
        }
        port = Number(found[1]);
        edge.stderr.resume();
    };
    const stop = async () => {
        edge.kill('SIGKILL');
        await once(edge, 'exit');
    };
    await start();
    return { url: `http://127.0.0.1:${port}`, stop, start };
}

const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', json: 'application/json' };

/** Serves the pages as docs/dashboard.md says it, with another config.json. */
export async function serveFiles(config) {
    const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        + `frame-ancestors 'none'; connect-src 'self' ${config.url}`;
    const server = createServer(async (request, response) => {
        const path = normalize(new URL(request.url, 'http://localhost').pathname);
        const name = /\.\w+$/.test(path) ? path : `${path}.html`;
        const content = path === '/config.json' ? JSON.stringify(config) : await readFile(join(HELIX_PAGES, name));
        response.writeHead(200, { 'Content-Security-Policy': policy, 'Content-Type': types[name.split('.').pop()] });
        response.end(content);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.closeAllConnections() || server.close() };
}
