// What the tests of all pages share: the API, the browser, the database, and how the pages write figures, said in SQL.
import { after, before } from 'node:test';
import postgres from 'postgres';
import { startEdge, token } from './api.mjs';
import { launch, open } from './browser.mjs';

export const ada = 'ada00000-0000-0000-0000-000000000001';
export const bob = 'b0b00000-0000-0000-0000-000000000002';
export const nobody = '00b0d1e5-0000-0000-0000-000000000003';
/** For tests that write, so that Ada's figures stay as they are. */
export const eve = 'e4e00000-0000-0000-0000-000000000004';

// Compiling the expectations takes longer than running them.
export const sql = postgres({ host: process.env.PGHOST, username: 'postgres', database: 'postgres', max: 1,
    connection: { jit: 'off' }, onnotice: () => {} });

/** The API and the browser of a file of tests: set before its first test. */
export const shared = { api: null, browser: null };
before(async () => {
    shared.api = await startEdge('--allow-origin', '*');
    shared.browser = await launch();
});
after(async () => {
    await shared.browser?.close();
    await shared.api?.stop();
    await sql.end();
});

export const address = (page, user, options = {}) => `${shared.api.url}${page}#token=${token(user, options)}`;

/** Whether the server has recommendations: else the page asks in vain, which the browser logs. */
export const [{ recommends }] = await sql`SELECT to_regproc('helix.get_recommendations') IS NOT NULL AS recommends`;

/** The dashboard of a user, with its figures. */
export async function openOperations(user, query = '', { expected = [], ...options } = {}) {
    const opened = await open(shared.browser, address(`/analytics/operations${query}`, user),
        { expected: recommends ? expected : [...expected, /status of 404/], ...options });
    await opened.page.locator('.card .value').first().waitFor();
    return opened;
}

export async function openSettings(user, options = {}) {
    const opened = await open(shared.browser, address('/settings', user), options);
    await opened.page.locator('[data-operation]').first().waitFor();
    return opened;
}

// A path without height, such as a line of the grid, is never «visible».
export const chartDrawn = page => page.locator('.trend svg path').first().waitFor({ state: 'attached' });

export const loaded = page => page.locator('main[aria-busy=false]:not(.changing)').waitFor();

/** The cells of all rows of a table. */
export const cells = (page, selector) => page.locator(`${selector} tbody tr`).evaluateAll(rows =>
    rows.map(row => [...row.cells].map(cell => cell.textContent)));

export const money = name => sql.unsafe(`'$' || to_char(round(${name}, 4), 'FM999,999,990.0000')`);
export const exact = name => sql.unsafe(`'$' || trim_scale(${name})`);
export const rate = name => sql.unsafe(`to_char(trunc(${name}, 2), 'FM990.00') || ' %'`);
export const whole = name => sql.unsafe(`to_char(${name}, 'FM999,999,990')`);
export const ms = name => sql.unsafe(`coalesce(to_char(round(${name}), 'FM999,999,990') || ' ms', '–')`);
export const today = sql`(now() AT TIME ZONE 'UTC')::date`;
/** When the first of the last `days` days begins by UTC. */
export const firstDay = days => sql`(${today} - ${days - 1}::integer)::timestamp AT TIME ZONE 'UTC'`;
export const tomorrow = sql`(${today} + 1)::timestamp AT TIME ZONE 'UTC'`;

/** get_usage_series() over the last `days` days, or over as many before them, in steps or as one, by a group or none. */
export const series = (user, days, { step = `${days} days`, group = null, before = false } = {}) => {
    const back = sql.unsafe(`interval '${before ? days : 0} days'`);
    return sql`helix.get_usage_series(${user}, ${firstDay(days)} - ${back}, ${tomorrow} - ${back}, ${step}::text::interval,
                                      'UTC', ${group})`;
};
