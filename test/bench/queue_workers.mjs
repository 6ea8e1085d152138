// How many jobs that do nothing a worker in Node gets through in a second: node queue_workers.mjs helix|graphile|pgboss JOBS
// Each in its fastest documented way, in one process. Run where node_modules has pg, graphile-worker and pg-boss.
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
const [kind, count] = [process.argv[2], Number(process.argv[3])];
const connectionString = `postgresql:///${process.env.PGDATABASE}?host=${process.env.PGHOST}&user=${process.env.PGUSER}`;
const loops = 4, batch = 500;
const pool = new (require('pg').Pool)({ connectionString, max: loops });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Without statistics of what has just been loaded, some runs would be planned many times slower than others.
const settle = () => pool.query('VACUUM ANALYZE');

// Runs `step`, which says how many jobs it has finished, in several loops until there are none.
async function loop(step) {
    let done = 0;
    const start = performance.now();
    await Promise.all(Array.from({ length: loops }, async () => {
        for (let finished; (finished = await step()) > 0;) done += finished;
    }));
    return [done, start];
}

const workers = {
    async helix() {
        await pool.query(`SELECT count(helix.enqueue_execution(NULL, p_payload => '{}', p_operation_id => 'email-compose',
            p_user_id => 'aaaaaaaa-0000-4000-8000-000000000001')) FROM generate_series(1, $1)`, [count]);
        await settle();
        return loop(async () => {
            const { rows } = await pool.query({ name: 'claim', values: ['w', batch],
                text: 'SELECT execution_id, operation_id, payload, fencing_token FROM helix.claim_executions($1, $2)' });
            if (rows.length > 0) {
                await pool.query({ name: 'complete', text: `SELECT helix.complete_execution(id, 'success', NULL, 0, 0, token)
                    FROM unnest($1::uuid[], $2::bigint[]) u (id, token)`,
                    values: [rows.map((row) => row.execution_id), rows.map((row) => row.fencing_token)] });
            }
            return rows.length;
        });
    },

    // fetch() and complete() of whole batches, without priorities: work() would pause between batches.
    async pgboss() {
        const boss = new (require('pg-boss'))({ connectionString, max: loops, supervise: false, schedule: false });
        boss.on('error', (error) => { throw error; });
        await boss.start();
        await boss.createQueue('noop');
        for (let sent = 0; sent < count; sent += 10000) {
            await boss.insert(Array.from({ length: Math.min(10000, count - sent) }, () => ({ name: 'noop', data: {} })));
        }
        await settle();
        const result = await loop(async () => {
            const jobs = await boss.fetch('noop', { batchSize: batch, priority: false });
            if (jobs.length > 0) await boss.complete('noop', jobs.map((job) => job.id));
            return jobs.length;
        });
        await boss.stop({ graceful: false, wait: false });
        return result;
    },

    // Its local queue, and completions in batches.
    async graphile() {
        const { run, runMigrations, Logger } = require('graphile-worker');
        const logger = new Logger(() => () => {});
        await runMigrations({ connectionString, logger });
        await pool.query(`SELECT graphile_worker.add_job('noop', '{}'::json) FROM generate_series(1, $1)`, [count]);
        await settle();
        let done = 0;
        const start = performance.now();
        const runner = await run({ connectionString, logger, noHandleSignals: true, taskList: { noop: () => { done++; } }, preset: {
            worker: { concurrentJobs: 24, maxPoolSize: 26, localQueue: { size: batch, refetchDelay: { durationMs: 10 } },
                      completeJobBatchDelay: 0, failJobBatchDelay: 0 } } });
        while (done < count) await pause(2);
        while ((await pool.query('SELECT FROM graphile_worker.jobs LIMIT 1')).rowCount > 0) await pause(2);
        const end = performance.now();
        await runner.stop();
        return [done, start, end];
    },
};

const [done, start, end = performance.now()] = await workers[kind]();
if (done !== count) throw new Error(`${kind} did ${done} jobs of ${count}`);
console.log((done / (end - start) * 1000).toFixed(1));
process.exit(0);
