// A worker in Node: claims executions of helix's queue, runs them, completes them. npm install pg; node worker.mjs
// Connects as PGHOST, PGUSER, … say. It ends by SIGINT, or with UNTIL_IDLE=1 when nothing has been due for a second.
import pg from 'pg';

// What an operation does: returns its result and what it has cost.
async function run(operation, payload) {
    await new Promise((done) => setTimeout(done, 20)); // call a model here
    return { result: { operation, echo: payload }, cost: '0.0042' }; // money as text: JavaScript's numbers are floats
}

const worker = `node-${process.pid}`;
const client = new pg.Client();
let going = true;
process.once('SIGINT', () => { going = false; });

async function claim() {
    const { rows } = await client.query(
        `SELECT execution_id, operation_id, payload, fencing_token, attempt
           FROM helix.claim_executions($1, 10, '1 minute', p_wait => $2)`,
        [worker, process.env.UNTIL_IDLE ? '1 second' : '30 seconds']);
    return rows;
}

async function work(job) {
    const started = performance.now();
    try {
        const { result, cost } = await run(job.operation_id, job.payload);
        await client.query('SELECT helix.complete_execution($1, $2, $3, $4, $5, $6)',
            [job.execution_id, 'success', result, cost, Math.round(performance.now() - started), job.fencing_token]);
    } catch (error) {
        if (error.code === '55000') return; // the lease ran out or somebody cancelled: not ours any more
        await client.query('SELECT helix.fail_execution($1, $2, $3)', [job.execution_id, error.message, job.fencing_token]);
    }
    console.log(`  ${worker} ran ${job.operation_id}, attempt ${job.attempt}`);
}

await client.connect();
while (going) {
    const jobs = await claim();
    if (jobs.length === 0 && process.env.UNTIL_IDLE) break;
    for (const job of jobs) await work(job);
}
await client.end();
