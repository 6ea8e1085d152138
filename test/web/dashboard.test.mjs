// The figures of /analytics/operations in a real browser: each one is SQL's.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { texts } from './browser.mjs';
import { ada, bob, cells, chartDrawn, exact, firstDay, loaded, money, ms, openOperations, rate, series, shared, sql, whole }
    from './pages.mjs';

const cardsBySql = async (user, days) => (await sql`
    SELECT ARRAY[${money('cost_usd')}, ${whole('executions')}, ${rate('success_rate')}, ${ms('avg_latency_ms')}] AS cards,
           'p50 ' || ${ms('p50_latency_ms')} || ' · p95 ' || ${ms('p95_latency_ms')} || ' · p99 ' || ${ms('p99_latency_ms')}
               AS more
      FROM ${series(user, days)}`)[0];

const change = sql`CASE WHEN coalesce(b.cost_usd, 0) = 0 THEN 'new'
    ELSE replace(to_char(round(100 * (n.cost_usd - b.cost_usd) / b.cost_usd, 1), 'FMSG999,990.0'), '-', '−') || ' %' END`;

/** The rows of operations, providers or models as the tables have them, without the name of a model's provider. */
const partsBySql = (user, days, group, order = 'n.cost_usd DESC') => sql`
    SELECT ARRAY[group_key, ${whole('n.executions')}, coalesce(${rate('n.success_rate')}, '–'), ${money('n.cost_usd')}, ${change},
                 ${ms('n.avg_latency_ms')}, ${ms('n.p50_latency_ms')}, ${ms('n.p95_latency_ms')}, ${ms('n.p99_latency_ms')}]
               AS cells
      FROM ${series(user, days, { group })} n LEFT JOIN ${series(user, days, { group, before: true })} b USING (group_key)
     ORDER BY ${sql.unsafe(order)}`.then(rows => rows.map(row => row.cells));

/** Newest first, as the table of days has them. */
const daysBySql = (user, days) => sql`
    SELECT ARRAY[(n.start_at AT TIME ZONE 'UTC')::date::text, ${exact('n.cost_usd')}, ${whole('n.executions')},
                 coalesce(${rate('n.success_rate')}, '–'), ${ms('n.avg_latency_ms')}, ${ms('n.p50_latency_ms')},
                 ${ms('n.p95_latency_ms')}, ${ms('n.p99_latency_ms')}, ${exact('b.cost_usd')}] AS cells
      FROM ${series(user, days, { step: '1 day' })} n
      JOIN ${series(user, days, { step: '1 day', before: true })} b ON b.start_at = n.start_at - ${days} * interval '1 day'
     ORDER BY n.start_at DESC`.then(rows => rows.map(row => row.cells));

const choose = async (page, days) => {
    await page.getByText(`${days} days`, { exact: true }).click();
    await loaded(page);
    await page.waitForFunction(count => document.querySelectorAll('#days tbody tr').length === count, days);
};

async function assertShows(page, user, days) {
    const { cards, more } = await cardsBySql(user, days);
    assert.deepEqual(await texts(page, '.card .value'), cards);
    assert.equal(await page.locator('.card .more').innerText(), more);
    assert.deepEqual(await cells(page, '#operations'), await partsBySql(user, days, 'operation'));
    assert.deepEqual((await cells(page, '#models')).map(([model, , ...rest]) => [model, ...rest]),
        await partsBySql(user, days, 'model'));
    assert.deepEqual(await cells(page, '#days'), await daysBySql(user, days));
    assert.deepEqual(await cells(page, 'table#providers'), (await partsBySql(user, days, 'provider'))
        .map(([name, , success, cost, , latency]) => [name, cost, latency, success]));
}

test('cards, tables and days are what SQL says, for each range', async () => {
    const { page, close } = await openOperations(ada);
    for (const days of [30, 7, 90]) {
        if (days !== 30) {
            await choose(page, days);
        }
        await assertShows(page, ada, days);
        assert.equal(new URL(page.url()).searchParams.get('days') ?? '30', String(days));
    }
    await close();
});

test('two users see their own figures', async () => {
    const [first, second] = await Promise.all([openOperations(ada, '?days=7'), openOperations(bob, '?days=7')]);
    await assertShows(first.page, ada, 7);
    await assertShows(second.page, bob, 7);
    assert.notDeepEqual(await texts(first.page, '.card .value'), await texts(second.page, '.card .value'));
    await Promise.all([first.close(), second.close()]);
});

test('the cards say how much it is against the days before', async () => {
    const { page, close } = await openOperations(ada, '?days=7');
    const [expected] = await sql`
        SELECT to_char(round(100 * (n.cost_usd / p.cost_usd - 1), 1), 'FMSG990.0') || ' %' AS cost,
               to_char(round(100.0 * n.executions / p.executions - 100, 1), 'FMSG990.0') || ' %' AS executions,
               to_char(round(n.success_rate - p.success_rate, 2), 'FMSG990.00') || ' points' AS success_rate,
               to_char(round(100 * (n.avg_latency_ms / p.avg_latency_ms - 1), 1), 'FMSG990.0') || ' %' AS latency
          FROM ${series(ada, 7)} n, ${series(ada, 7, { before: true })} p`;
    for (const [card, said] of Object.entries(expected)) {
        assert.match(await page.locator(`[data-card=${card}] .change`).innerText(), / against 7 days before$/);
        assert.equal(await page.locator(`[data-card=${card}] .change span`).innerText(), said.replace('-', '−'), card);
    }
    await close();
});

test('each heading sorts, in both directions', async () => {
    const { page, close } = await openOperations(ada);
    const columns = { success_rate: 'n.success_rate', avg_latency_ms: 'n.avg_latency_ms', p95_latency_ms: 'n.p95_latency_ms',
        change: 'n.cost_usd / b.cost_usd', executions: 'n.executions', cost_usd: 'n.cost_usd',
        operation_id: 'group_key COLLATE "C"' };
    for (const [key, column] of Object.entries(columns)) {
        const heading = page.locator(`#operations th:has([data-sort=${key}])`);
        for (const direction of key === 'operation_id' ? ['ascending', 'descending'] : ['descending', 'ascending']) {
            await page.locator(`#operations [data-sort=${key}]`).press('Enter');
            assert.equal(await heading.getAttribute('aria-sort'), direction, key);
            const order = `${column} ${direction === 'ascending' ? 'ASC NULLS LAST' : 'DESC NULLS FIRST'}`;
            assert.deepEqual(await cells(page, '#operations'), await partsBySql(ada, 30, 'operation', order),
                `${key} ${direction}`);
        }
    }
    await close();
});

test('rates are colored as they are: good from 95, fair from 90, else poor', async () => {
    const { page, close } = await openOperations(ada, '?days=90');
    const rows = await sql`
        SELECT CASE WHEN success_rate >= 95 THEN 'good' WHEN success_rate >= 90 THEN 'fair' ELSE 'poor' END AS class
          FROM ${series(ada, 90, { group: 'operation' })} ORDER BY cost_usd DESC`;
    assert.ok(new Set(rows.map(row => row.class)).size >= 3, 'the fixture has a rate of each color');
    assert.deepEqual(await page.locator('#operations [data-column=success_rate] span').evaluateAll(spans =>
        spans.map(span => span.className)), rows.map(row => row.class));
    await close();
});

test('the chart says the exact cost of each day, by keyboard and by mouse', async () => {
    const { page, close } = await openOperations(ada, '?days=7');
    const days = await daysBySql(ada, 7), chart = page.getByRole('slider', { name: 'Cost by day' });
    await chartDrawn(page);
    await chart.focus();
    for (const [date, cost, executions, , , , , , previous] of days) {
        await page.keyboard.press('ArrowLeft');
        assert.equal(await page.locator('.tooltip strong').innerText(), cost, date);
        assert.equal(await page.locator('.tooltip .before').innerText(), `before: ${previous}`);
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
    await close();
});

test('both lines of the chart are in proportion to the costs', async () => {
    const { page, close } = await openOperations(ada, '?days=7');
    await chartDrawn(page);
    const days = (await daysBySql(ada, 7)).reverse();
    const lines = await page.locator('.trend svg').evaluate(svg => [...svg.querySelectorAll('path')]
        .filter(path => ['none', 'transparent'].includes(path.getAttribute('fill')))
        .map(path => [...(path.getAttribute('d') ?? '').matchAll(/[ML]?(-?[\d.]+) (-?[\d.]+)/g)].map(match => Number(match[2])))
        .filter(heights => heights.length === 7));
    assert.equal(lines.length, 2);
    const costs = [days.map(day => Number(day[8].slice(1))), days.map(day => Number(day[1].slice(1)))];
    // One scale for both: heights differ as costs do.
    const points = lines.flatMap((heights, line) => heights.map((height, day) => [costs[line][day], height]));
    const [least, most] = [points.reduce((a, b) => (b[0] < a[0] ? b : a)), points.reduce((a, b) => (b[0] > a[0] ? b : a))];
    for (const [cost, height] of points) {
        const expected = least[1] + ((cost - least[0]) / (most[0] - least[0])) * (most[1] - least[1]);
        assert.ok(Math.abs(height - expected) < 1, `${cost} stands at ${height}, not ${expected}`);
    }
    await close();
});

test('slices are parts of the cost: the eight dearest, by keyboard too', async () => {
    const { page, close } = await openOperations(ada, '?days=90');
    const rows = await sql`
        SELECT group_key, ${exact('cost_usd')} AS exact, ${money('cost_usd')} AS cost,
               to_char(round(100 * cost_usd / sum(cost_usd) OVER (), 2), 'FM990.00') || ' %' AS percent,
               (cost_usd / sum(cost_usd) OVER ())::float AS share
          FROM ${series(ada, 90, { group: 'operation' })} s WHERE cost_usd > 0 ORDER BY s.cost_usd DESC`;
    assert.ok(rows.length > 3);
    assert.deepEqual(await cells(page, '#shares'), rows.map(row => [row.group_key, row.cost, row.percent]));
    const angles = await page.locator('.pie path').evaluateAll(paths => paths.map(path => {
        const [from, to] = [...path.getAttribute('d').matchAll(/(-?[\d.]+) (-?[\d.]+)(?=A|Z)/g)].map(point =>
            Math.atan2(Number(point[1]), -Number(point[2])));
        return ((to - from) / (2 * Math.PI) + 1) % 1;
    }));
    rows.forEach((row, place) => assert.ok(Math.abs(angles[place] - row.share) < 1e-4, row.group_key));
    const pie = page.getByRole('slider', { name: 'Cost by operation' });
    await pie.focus();
    for (const row of rows) {
        await page.keyboard.press('ArrowRight');
        assert.equal(await page.locator('.said').innerText(), `${row.group_key}: ${row.exact}, ${row.percent}`);
    }
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.said').innerText(), '');
    await close();
});

test('bars are as long as what they stand for', async () => {
    const { page, close } = await openOperations(ada);
    const rows = await sql`
        SELECT (cost_usd / max(cost_usd) OVER ())::float AS cost_usd, (avg_latency_ms / max(avg_latency_ms) OVER ())::float
               AS avg_latency_ms, (success_rate / 100)::float AS success_rate
          FROM ${series(ada, 30, { group: 'provider' })} ORDER BY 1 DESC`;
    for (const column of ['cost_usd', 'avg_latency_ms', 'success_rate']) {
        const lengths = await page.locator(`.bars [data-column=${column}] .bar`).evaluateAll(bars => bars.map(bar =>
            bar.firstElementChild.getBoundingClientRect().width / bar.getBoundingClientRect().width));
        assert.equal(lengths.length, rows.length);
        rows.forEach((row, place) => assert.ok(Math.abs(lengths[place] - row[column]) < 0.01, `${column} of ${place}`));
    }
    await close();
});

test('what has no price, and what is labeled with another date, is called out', async () => {
    const { page, close } = await openOperations(ada);
    const [unpriced] = await sql`SELECT sum(executions)::integer AS n FROM helix.unpriced_usage`;
    assert.equal(unpriced.n, 2);
    assert.match(await page.locator('[data-callout=unpriced]').innerText(), /^2 executions have no price/);
    assert.deepEqual(await cells(page, '#unpriced'), [['mystery-1', 'openai', 'standard', '2', '2,000', '200']]);
    const [relabeled] = await sql`
        SELECT count(*)::integer AS n, ${exact('sum(cost_usd)')} AS cost FROM helix_internal.executions
         WHERE user_id = ${ada} AND occurred_at >= ${firstDay(30)} AND date <> (occurred_at AT TIME ZONE 'UTC')::date`;
    assert.equal(relabeled.n, 1);
    assert.match(await page.locator('[data-callout=relabeled]').innerText(),
        new RegExp(`^1 execution is labeled with another date[^]*, \\${relabeled.cost} in all`));
    await close();
});

test('budgets are those of budget_status(), and those near their limit are called out', async () => {
    const { page, close } = await openOperations(ada);
    const rows = await sql`
        SELECT ARRAY[operation_id, period || ', ' || time_zone, ${money('limit_usd')}, ${money('spent_usd')},
                     ${money('reserved_usd')}, replace(${money('remaining_usd')}, '$-', '-$'), ${rate('percent_used')},
                     CASE level WHEN 'ok' THEN 'within' WHEN 'warning' THEN 'near its limit' ELSE 'used up' END] AS cells, level
          FROM helix.budget_status(${ada})`;
    assert.deepEqual(rows.map(row => row.level).sort(), ['exceeded', 'ok', 'warning']);
    assert.deepEqual(await cells(page, '#budgets'), rows.map(row => row.cells));
    assert.deepEqual(await page.locator('[data-callout=budget]').evaluateAll(all => all.map(one => one.dataset.level)),
        rows.map(row => row.level).filter(level => level !== 'ok'));
    await close();
});

test('each table is handed over as CSV, with exact amounts', async () => {
    const { page, close } = await openOperations(ada, '?days=7&dimension=team');
    const file = async name => {
        const [download] = await Promise.all([page.waitForEvent('download'), page.locator(`[data-csv=${name}]`).click()]);
        assert.equal(download.suggestedFilename(), `helix-${name}.csv`);
        return (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').map(line => line.split(','));
    };
    const [heading, ...days] = await file('days');
    const expected = await sql`SELECT (start_at AT TIME ZONE 'UTC')::date::text AS date, trim_scale(cost_usd)::text AS cost_usd
                                 FROM ${series(ada, 7, { step: '1 day' })} ORDER BY 1`;
    assert.deepEqual(days.map(row => [row[heading.indexOf('date')], row[heading.indexOf('cost_usd')]]),
        expected.map(row => [row.date, row.cost_usd]));
    for (const [name, group] of [['operations', 'operation'], ['models', 'model'], ['providers', 'provider']]) {
        const [columns, ...rows] = await file(name);
        const costs = await sql`SELECT group_key, trim_scale(cost_usd)::text AS cost_usd FROM ${series(ada, 7, { group })}`;
        assert.deepEqual(Object.fromEntries(rows.map(row => [row[0].length > 0 ? row[columns.indexOf(group === 'operation' ?
            'operation_id' : group)] : '', row[columns.indexOf('cost_usd')]])),
        Object.fromEntries(costs.map(row => [row.group_key, row.cost_usd])), name);
    }
    for (const name of ['shares', 'budgets', 'dimension']) {
        assert.ok((await file(name)).length > 1, name);
    }
    await page.locator('[data-callout=unpriced] summary').click();
    assert.deepEqual((await file('unpriced'))[1], ['openai', 'mystery-1', 'standard', '2', '2000', '200']);
    const tables = await page.locator('table, .recommendations:has(li)').count();
    assert.equal(await page.locator('[data-csv]').count(), tables, 'a button for each table');
    await close();
});

test('days are those of the zone, and an unknown one is refused with a hint', async () => {
    const { page, close } = await openOperations(ada, '?days=7', { expected: [/status of 400/] });
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
    await page.locator('header time', { hasText: 'Asia/Tokyo' }).waitFor();
    assert.match(await page.locator('header time').innerText(), /^\d\d:\d\d:\d\d Asia\/Tokyo$/);
    assert.equal(await page.locator('[data-granularity]').count(), 0);
    assert.equal(new URL(page.url()).searchParams.get('zone'), 'Asia/Tokyo');
    const local = await sql`SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date::text AS today,
        ${exact('sum(cost_usd)')} AS cost FROM helix_internal.executions
        WHERE user_id = ${ada} AND (occurred_at AT TIME ZONE 'Asia/Tokyo')::date = (now() AT TIME ZONE 'Asia/Tokyo')::date`;
    assert.deepEqual((await cells(page, '#days'))[0].slice(0, 2), [local[0].today, local[0].cost ?? '$0']);

    await page.goto(`${shared.api.url}/analytics/operations?zone=Nowhere/Atall`);
    const notice = page.locator('[data-state=error]');
    await notice.waitFor();
    assert.match(await notice.innerText(), /unknown time zone.*22023.*Nowhere\/Atall[^]*Europe\/Berlin/);
    await close();
});
