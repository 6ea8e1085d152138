// Starts @supabase/lite on the PostgreSQL that PGHOST names, prepares the database as a DBA would, and runs the tests against it.
// Those that call functions alone (rpc-*.test.mjs) run against helix-edge too.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readdirSync } from 'node:fs';
import { format } from 'node:util';
import { serve } from '@hono/node-server';
import { App, generateApiKey } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';
import postgres from 'postgres';

const roles = 'anon, authenticated, service_role';
const { key: publishableKey } = await generateApiKey('publishable');
const { key: secretKey } = await generateApiKey('secret');
const database = { host: process.env.PGHOST, username: 'postgres', database: 'postgres', onnotice: () => {} };
const sql = postgres({ ...database, max: 1 });

// What a Supabase project has before helix comes: the roles, and default privileges that give them everything.
await sql.unsafe(`
    CREATE ROLE anon NOLOGIN;
    CREATE ROLE authenticated NOLOGIN;
    CREATE ROLE service_role NOLOGIN BYPASSRLS;
    ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO ${roles};
    ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO ${roles};
    ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO ${roles};
    ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO ${roles};
    CREATE EXTENSION pg_cron;
    CREATE EXTENSION helix;`);

// Two things that PostgREST does and this server does not yet. It hands JSON to its driver as text, which the driver encodes once
// more; and of SQLSTATEs in classes that it does not know (HX…, P0…) it tells the message only, as 500 "SUP".
function connection() {
    const json = oid => ({ to: oid, from: [oid], serialize: value => (typeof value === 'string' ? value : JSON.stringify(value)),
        parse: JSON.parse });
    const made = createPostgresConnection({ postgresOptions: { ...database, types: { json: json(114), jsonb: json(3802) } } });
    made.normalizeDbError = error => {
        const status = { HX: 400, P0: 500 }[String(error.code).slice(0, 2)];
        return status === undefined ? error : Object.assign(new Error(), {
            code: 'PGRST',
            message: JSON.stringify({ code: error.code, message: error.message, details: error.detail, hint: error.hint }),
            detail: JSON.stringify({ status, headers: {} }),
        });
    };
    return made;
}

// The server tells of every refused request: not among the tests' results.
const log = createWriteStream('server.log');
console.error = console.log = (...words) => log.write(`${format(...words)}\n`);

const app = new App({
    connection: connection(),
    api: { enabled: true, schemas: ['helix'] },
    auth: {
        enabled: true,
        enable_signup: true,
        jwt_secret: process.env.HELIX_SECRET_JWT,
        publishable_key: publishableKey,
        secret_key: secretKey,
        email: { enable_signup: true, enable_confirmations: false },
    },
    options: { server: { admin: false, disableStudio: true } },
});
await app.ensureSystemSchema();
const server = await new Promise(resolve => {
    const listening = serve({ fetch: request => app.fetch(request), hostname: '127.0.0.1', port: 0 }, () => resolve(listening));
});
const url = `http://127.0.0.1:${server.address().port}`;

// With its first request the server gives its roles everything in each schema that has row security: what may stay, helix says
// after it.
const first = await fetch(`${url}/rest/v1/operations?select=operation_id`,
    { headers: { apikey: secretKey, 'Accept-Profile': 'helix' } });
assert.equal(first.status, 200);
await sql`SELECT helix.grant_api_access('authenticated', 'service_role', 'anon')`;

await sql.unsafe("CREATE ROLE edge LOGIN NOINHERIT; SELECT helix.grant_edge_access('edge')");

/** Starts helix-edge; its process and its URL. */
async function startEdge() {
    const database = `host=${process.env.PGHOST} user=edge dbname=postgres`;
    const edge = spawn('helix-edge', ['--database', database, '--listen', '127.0.0.1:0', '--log-requests', 'off'],
        { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const words of edge.stderr) {
        const [, address] = /listening on (\S+)/.exec(words) ?? [];
        assert.ok(address, `helix-edge did not start: ${words}`);
        edge.stderr.resume();
        return { edge, edgeUrl: `http://${address}` };
    }
}

/** Runs files of tests against an API; 0 where all of them pass. */
async function run(files, HELIX_URL, publishable, secret) {
    const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files], {
        stdio: 'inherit',
        env: { ...process.env, HELIX_URL, HELIX_PUBLISHABLE_KEY: publishable, HELIX_SECRET_KEY: secret },
    });
    const [code] = await once(tests, 'exit');
    return code ?? 1;
}

const files = process.argv.length > 2 ? process.argv.slice(2) : readdirSync('.').filter(name => name.endsWith('.test.mjs')).sort();
const calls = files.filter(name => name.startsWith('rpc-'));
let code = await run(files, url, publishableKey, secretKey);
if (calls.length > 0) {
    process.stdout.write('\nhelix-edge in the place of @supabase/lite\n');
    const { edge, edgeUrl } = await startEdge();
    code = Math.max(code, await run(calls, edgeUrl, 'sb_publishable_edge', 'none'));
    edge.kill();
}
server.close();
await sql.end();
await app.connection.close();
process.exit(code);
