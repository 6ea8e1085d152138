// /analytics/operations in a real browser: every number that it shows is SQL's.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import postgres from 'postgres';
import { serveFiles, startEdge, token } from './api.mjs';
import { launch, open, texts } from './browser.mjs';

const ada = 'ada00000-0000-0000-0000-000000000001';
const nobody = '00b0d1e5-0000-0000-0000-000000000003';
const sql = postgres({ host: process.env.PGHOST, username: 'postgres', database: 'postgres', max: 1, onnotice: () => {} });
let browser, api;

before(async () => {
    api = await startEdge('--allow-origin', '*');
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await api?.stop();
    await sql.end();
});

const address = (user, query = '', options = {}) => `${api.url}/analytics/operations${query}#token=${token(user, options)}`;

async function openReady(user, query, options) {
    const opened = await open(browser, address(user, query), options);
    await opened.page.locator('#operations tbody tr').first().waitFor();
    return opened;
}

// A path without height, such as a line of the grid, is never «visible».
const chartDrawn = page => page.locator('.trend svg path').first().waitFor({ state: 'attached' });

// How the page writes a figure, said once more in SQL.
const money = name => sql.unsafe(`'$' || to_char(round(${name}, 4), 'FM999,999,990.0000')`);
const rate = name => sql.unsafe(`to_char(trunc(${name}, 2), 'FM990.00') || ' %'`);
const whole = name => sql.unsafe(`to_char(${name}, 'FM999,999,990')`);
const ms = name => sql.unsafe(`to_char(round(${name}), 'FM999,999,990') || ' ms'`);
const firstDay = days => sql`((now() AT TIME ZONE 'UTC')::date - ${days - 1}::integer)::timestamp AT TIME ZONE 'UTC'`;

const cardsBySql = async days => (await sql`
    SELECT ARRAY[${money('total_cost_usd')}, ${whole('total_operations')}, ${rate('success_rate')},
                 ${ms('avg_latency_ms')}] AS cards
      FROM helix.get_period_summary(${ada}, ${firstDay(days)}, now())`)[0].cards;

const operationsBySql = (days, order) => sql`
    SELECT ARRAY[operation_id, ${whole('total_executions')}, ${rate('success_rate')}, ${money('total_cost_usd')},
                 ${ms('avg_latency_ms')}, ${ms('p95_latency_ms')}] AS cells
      FROM helix.get_all_operation_metrics(${ada}, ${firstDay(days)}, now()) ORDER BY ${sql.unsafe(order)}`
    .then(rows => rows.map(row => row.cells));

const modelsBySql = days => sql`
    SELECT ARRAY[model, provider, ${whole('count(*)')}, ${rate('100.0 * count(*) FILTER (WHERE success) / count(*)')},
                 ${money('sum(cost_usd)')}, ${ms('avg(latency_ms)')}] AS cells
      FROM helix_internal.executions
     WHERE user_id = ${ada} AND date > (now() AT TIME ZONE 'UTC')::date - ${days}::integer
     GROUP BY model, provider ORDER BY sum(cost_usd) DESC`.then(rows => rows.map(row => row.cells));

// Newest first, as the table of days has it
const daysBySql = days => sql`
    SELECT ARRAY[d::text, '$' || coalesce(total_cost_usd, 0), ${whole('coalesce(total_operations, 0)')},
                 coalesce(${rate('success_rate')}, '–'), coalesce(${ms('avg_latency_ms')}, '–')] AS cells
      FROM generate_series(0, ${days - 1}::integer) ago, LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date - ago) day (d)
      LEFT JOIN helix.cost_trends t ON t.user_id = ${ada} AND t.date = d
     ORDER BY d DESC`.then(rows => rows.map(row => row.cells));

const tableCells = async (page, selector) => page.locator(`${selector} tbody tr`).evaluateAll(rows =>
    rows.map(row => [...row.cells].map(cell => cell.textContent)));

const choose = async (page, days) => {
    await page.getByText(`${days} days`, { exact: true }).click();
    await page.locator('main[aria-busy=false]:not(.changing)').waitFor();
    await page.waitForFunction(count => document.querySelectorAll('#days tbody tr').length === count, days);
};

async function assertShows(page, days) {
    assert.deepEqual(await texts(page, '.card .value'), await cardsBySql(days));
    assert.deepEqual(await tableCells(page, '#operations'), await operationsBySql(days, 'total_cost_usd DESC'));
    assert.deepEqual((await tableCells(page, '#models')).map(cells => cells.slice(0, -1)), await modelsBySql(days));
    assert.deepEqual(await tableCells(page, '#days'), await daysBySql(days));
}

test('cards, tables and days are what SQL says, for each range', async () => {
    const { page, close } = await openReady(ada);
    await chartDrawn(page);
    for (const days of [30, 7, 90]) {
        if (days !== 30) {
            await choose(page, days);
        }
        await assertShows(page, days);
        assert.equal(new URL(page.url()).searchParams.get('days') ?? '30', String(days));
    }
    await close();
});

test('the cards say how much it is against the days before', async () => {
    const { page, close } = await openReady(ada, '?days=7');
    const [expected] = await sql`
        SELECT to_char(round(100 * (n.total_cost_usd / p.total_cost_usd - 1), 1), 'FMSG990.0') || ' %' AS cost,
               to_char(round(100.0 * n.total_operations / p.total_operations - 100, 1), 'FMSG990.0') || ' %' AS executions,
               to_char(round(n.success_rate - p.success_rate, 2), 'FMSG990.00') || ' points' AS success_rate,
               to_char(round(100 * (n.avg_latency_ms / p.avg_latency_ms - 1), 1), 'FMSG990.0') || ' %' AS latency
          FROM helix.get_period_summary(${ada}, ${firstDay(7)}, now()) n,
               helix.get_period_summary(${ada}, ${firstDay(14)}, ${firstDay(7)} - interval '1 minute') p`;
    for (const [card, change] of Object.entries(expected)) {
        assert.match(await page.locator(`[data-card=${card}] .change`).innerText(), / against 7 days before$/);
        assert.equal(await page.locator(`[data-card=${card}] .change span`).innerText(), change.replace('-', '−'), card);
    }
    await close();
});

test('each heading sorts, in both directions', async () => {
    const { page, close } = await openReady(ada);
    const columns = { success_rate: 'success_rate', avg_latency_ms: 'avg_latency_ms', p95_latency_ms: 'p95_latency_ms',
        executions: 'total_executions', cost_usd: 'total_cost_usd', operation_id: 'operation_id COLLATE "C"' };
    for (const [key, column] of Object.entries(columns)) {
        const heading = page.locator(`#operations th:has([data-sort=${key}])`);
        const directions = key === 'operation_id' ? ['ascending', 'descending'] : ['descending', 'ascending'];
        for (const direction of directions) {
            await page.locator(`#operations [data-sort=${key}]`).press('Enter');
            assert.equal(await heading.getAttribute('aria-sort'), direction, key);
            assert.deepEqual(await tableCells(page, '#operations'),
                await operationsBySql(30, `${column} ${direction === 'ascending' ? 'ASC' : 'DESC'}`), `${key} ${direction}`);
        }
    }
    await close();
});

test('rates are coloured as they are: good from 95, fair from 90, else poor', async () => {
    const { page, close } = await openReady(ada, '?days=90');
    const rows = await sql`
        SELECT operation_id, CASE WHEN success_rate >= 95 THEN 'good' WHEN success_rate >= 90 THEN 'fair' ELSE 'poor' END AS class
          FROM helix.get_all_operation_metrics(${ada}, ${firstDay(90)}, now()) ORDER BY total_cost_usd DESC`;
    assert.ok(new Set(rows.map(row => row.class)).size >= 3, 'the fixture has a rate of each colour');
    assert.deepEqual(await page.locator('#operations [data-column=success_rate] span').evaluateAll(spans =>
        spans.map(span => span.className)), rows.map(row => row.class));
    await close();
});

test('the chart says the exact cost of each day, by keyboard and by mouse', async () => {
    const { page, close } = await openReady(ada, '?days=7');
    const days = await daysBySql(7), chart = page.getByRole('slider', { name: 'Cost by day' });
    await chartDrawn(page);
    await chart.focus();
    for (const [date, cost, executions] of days) {
        await page.keyboard.press('ArrowLeft');
        assert.equal(await page.locator('.tooltip strong').innerText(), cost, date);
        assert.ok((await chart.getAttribute('aria-valuetext')).endsWith(`: ${cost}, ${executions} executions`));
    }
    assert.match(days[0][1], /\.\d{40}$/, 'the fixture has an amount that no double holds');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.tooltip').count(), 0);

    const box = await chart.boundingBox();
    await page.mouse.move(box.x + box.width - 20, box.y + 50);
    assert.equal(await page.locator('.tooltip strong').innerText(), days[0][1]);
    await page.mouse.move(box.x + 60, box.y + 50);
    assert.equal(await page.locator('.tooltip strong').innerText(), days.at(-1)[1]);
    await page.mouse.move(box.x + 60, box.y - 50);
    assert.equal(await page.locator('.tooltip').count(), 0);

    // Its points stand where the costs are: the heights of the line are in proportion.
    const costs = days.map(day => Number(day[1].slice(1))).reverse();
    const heights = await page.locator('.trend svg').evaluate(svg => [...svg.querySelectorAll('path')]
        .map(path => path.getAttribute('d') ?? '').sort((a, b) => b.split(/[LC]/).length - a.split(/[LC]/).length)
        .map(d => [...d.matchAll(/[\d.]+ ([\d.]+)/g)].map(match => Number(match[1])))[0]);
    const top = Math.min(...heights.slice(0, costs.length));
    assert.equal(heights.indexOf(top), costs.indexOf(Math.max(...costs)));
    await close();
});

test('days are those of the zone, and an unknown one is refused with a hint', async () => {
    const { page, close } = await openReady(ada, '?days=7', { expected: [/status of 400/] });
    assert.equal(await page.locator('[data-granularity]').count(), 0);
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
    await page.locator('header time', { hasText: 'Asia/Tokyo' }).waitFor();
    assert.match(await page.locator('header time').innerText(), /^\d\d:\d\d:\d\d Asia\/Tokyo$/);
    assert.equal(await page.locator('[data-granularity]').count(), 0);
    assert.equal(new URL(page.url()).searchParams.get('zone'), 'Asia/Tokyo');

    await page.goto(`${api.url}/analytics/operations?zone=Nowhere/Atall`);
    const notice = page.locator('[data-state=error]');
    await notice.waitFor();
    assert.match(await notice.innerText(), /unknown time zone.*22023.*Nowhere\/Atall[^]*Europe\/Berlin/);
    await close();
});

test('the token leaves the address and stays with the tab', async () => {
    const { page, close } = await openReady(ada, '?days=7');
    assert.equal(page.url(), `${api.url}/analytics/operations?days=7`);
    await page.reload();
    await page.locator('#operations tbody tr').first().waitFor();
    await assertShows(page, 7);
    await close();
});

test('config.json may name an API elsewhere, and a key', async () => {
    const files = await serveFiles({ url: api.url, key: 'anonymous' });
    const { page, close } = await open(browser, `${files.url}/analytics/operations?days=7#token=${token(ada)}`,
        { allowed: [api.url] });
    const request = await page.waitForRequest(/get_dashboard/);
    assert.equal((await request.allHeaders()).apikey, 'anonymous');
    await page.locator('#operations tbody tr').first().waitFor();
    await assertShows(page, 7);
    await close();
    files.stop();
});

test('somebody for whom nothing ran is told so', async () => {
    const { page, close } = await open(browser, address(nobody));
    await page.locator('[data-state=empty]').waitFor();
    assert.match(await page.locator('main').innerText(), /Nothing ran in the last 30 days/);
    await close();
});

test('without a token, with one that has expired, and with one that is not accepted', async () => {
    const state = async (place, name, options) => {
        const { page, close } = await open(browser, place, options);
        await page.locator(`[data-state=${name}]`).waitFor();
        assert.equal(await page.locator('.card').count(), 0);
        await close();
    };
    await state(`${api.url}/analytics/operations`, 'missing');
    await state(`${api.url}/analytics/operations#token=nonsense`, 'missing');
    await state(address(ada, '', { expiresIn: -60 }), 'expired');
    await state(address(ada, '', { secret: 'another secret, which is long enough for HS256' }), 'expired',
        { expected: [/status of 401/] });
});

test('while the API is away the figures stay and are said to be old', async () => {
    const { page, close } = await openReady(ada, '?days=7', { expected: [/ERR_CONNECTION|ERR_EMPTY_RESPONSE/] });
    const before = await texts(page, '.card .value');
    await api.stop();
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    const notice = page.locator('[data-state=stale]');
    await notice.waitFor();
    assert.match(await notice.innerText(), /The figures are those of \d\d:\d\d:\d\d UTC[^]*the server cannot be reached/);
    assert.deepEqual(await texts(page, '.card .value'), before);
    await api.start();
    await sql`SELECT helix.record_operation_execution(${ada}, 'calendar-prep', NULL, true, 700, 0.25, 'gpt-5-mini')`;
    await page.getByRole('button', { name: 'Try again' }).click();
    await notice.waitFor({ state: 'detached' });
    await assertShows(page, 7);
    await close();
});

test('dark and light, wide and narrow: readable, within the window, and nothing that axe finds', async () => {
    for (const [colorScheme, width] of [['light', 360], ['dark', 1280], ['light', 2560]]) {
        const { page, close } = await openReady(ada, '', { colorScheme, viewport: { width, height: 900 } });
        await chartDrawn(page);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px are enough`);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${colorScheme}, ${width} px`);
        await close();
    }
});

test('the chart takes the colours of the scheme as it changes', async () => {
    const { page, close } = await openReady(ada, '', { colorScheme: 'light' });
    const strokes = () => page.locator('.trend svg').evaluate(svg => [...svg.querySelectorAll('path')].map(path =>
        path.getAttribute('stroke')).join());
    await chartDrawn(page);
    const light = await strokes();
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.notEqual(await strokes(), light);
    await close();
});

test('the watch sees style in markup, other hosts and errors', async () => {
    for (const provoke of [() => document.body.setAttribute('style', 'color: red'),
        () => fetch('http://127.0.0.2/').catch(() => {}), () => console.error('a complaint')]) {
        const { page, close } = await openReady(ada);
        await page.evaluate(provoke);
        await assert.rejects(close, { code: 'ERR_ASSERTION' });
    }
});

test('a screenshot', { skip: !process.env.HELIX_SCREENSHOTS }, async () => {
    await mkdir(process.env.HELIX_SCREENSHOTS, { recursive: true });
    for (const colorScheme of ['light', 'dark']) {
        const { page, close } = await openReady(ada, '', { colorScheme, viewport: { width: 1120, height: 1060 } });
        await chartDrawn(page);
        await page.screenshot({ path: `${process.env.HELIX_SCREENSHOTS}/dashboard-${colorScheme}.png` });
        await close();
    }
});
