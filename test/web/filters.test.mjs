// What the dashboard is narrowed to: by the lists, by the address, and by what the server refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { texts } from './browser.mjs';
import { ada, cells, exact, firstDay, loaded, money, ms, openOperations, rate, shared, sql, tomorrow, whole }
    from './pages.mjs';

/** The cards by the ledger's rows that a condition keeps. */
const cardsBySql = async (days, condition) => (await sql`
    SELECT ARRAY[${money('coalesce(sum(cost_usd), 0)')}, ${whole('count(*)')},
                 coalesce(${rate('100.0 * count(*) FILTER (WHERE success) / nullif(count(*), 0)')}, '–'),
                 ${ms('avg(latency_ms)')}] AS cards
      FROM helix_internal.executions
     WHERE user_id = ${ada} AND corrects IS NULL AND occurred_at >= ${firstDay(days)} AND occurred_at < ${tomorrow}
       AND ${condition}`)[0].cards;

const conditions = {
    operation: { value: 'email-compose', of: sql`operation_id = 'email-compose'` },
    provider: { value: 'anthropic', of: sql`provider = 'anthropic'` },
    model: { value: 'gpt-5-mini', of: sql`model = 'gpt-5-mini'` },
};

test('each part of the filter narrows all figures, and stands in the address', async () => {
    for (const [name, { value, of }] of Object.entries(conditions)) {
        const { page, close } = await openOperations(ada, '?days=7');
        await page.locator(`.filters [name=${name}]`).selectOption(value);
        await page.waitForURL(url => url.searchParams.get(name) === value);
        await loaded(page);
        const cards = await cardsBySql(7, of);
        assert.deepEqual(await texts(page, '.card .value'), cards, name);
        const operations = await sql`
            SELECT operation_id, ${money('sum(cost_usd)')} AS cost FROM helix_internal.executions
             WHERE user_id = ${ada} AND occurred_at >= ${firstDay(7)} AND ${of} GROUP BY 1 ORDER BY sum(cost_usd) DESC`;
        assert.deepEqual((await cells(page, '#operations')).map(row => [row[0], row[3]]), operations.map(row => [row.operation_id,
            row.cost]));
        const days = await sql`
            SELECT sum(cost_usd) AS cost_usd FROM helix_internal.executions
             WHERE user_id = ${ada} AND occurred_at >= ${firstDay(1)} AND ${of}`;
        assert.equal((await cells(page, '#days'))[0][1], `$${days[0].cost_usd ?? 0}`.replace(/(\.\d*?)0+$/, '$1'));
        await page.reload();
        await page.locator('.card .value').first().waitFor();
        assert.deepEqual(await texts(page, '.card .value'), cards, `${name}, from the address`);
        await page.getByRole('button', { name: 'Remove the filter' }).click();
        await page.waitForURL(url => !url.searchParams.has(name));
        await close();
    }
});

test('parts of the filter go together', async () => {
    const { page, close } = await openOperations(ada, '?days=30&operation=email-respond&model=claude-sonnet-4-5');
    assert.deepEqual(await texts(page, '.card .value'),
        await cardsBySql(30, sql`operation_id = 'email-respond' AND model = 'claude-sonnet-4-5'`));
    assert.equal(await page.locator('.filters [name=operation]').inputValue(), 'email-respond');
    assert.ok((await page.locator('.filters [name=operation] option').count()) > 5, 'other operations can still be chosen');
    await close();
});

test('what never ran is said to be nothing, and the filter can be removed', async () => {
    const { page, close } = await openOperations(ada, '?operation=email-compose');
    await page.goto(`${shared.api.url}/analytics/operations?operation=of-nobody`);
    await page.locator('[data-state=empty]').waitFor();
    assert.match(await page.locator('[data-state=empty]').innerText(), /Nothing of this ran in the last 30 days/);
    await page.locator('[data-state=empty] button').click();
    await page.locator('.card .value').first().waitFor();
    await close();
});

test('a dimension has a table of its values, and each value its days', async () => {
    const { page, close } = await openOperations(ada, '?days=7');
    await page.locator('.filters [name=dimension]').selectOption('team');
    await page.locator('#dimension tbody tr').first().waitFor();
    const rows = await sql`
        SELECT ARRAY[coalesce(value, 'without a value'), ${whole('executions')}, ${rate('100.0 * successes / executions')},
                     ${money('cost_usd')}] AS cells
          FROM (SELECT metadata ->> 'team' AS value, count(*) AS executions, count(*) FILTER (WHERE success) AS successes,
                       sum(cost_usd) AS cost_usd
                  FROM helix_internal.executions WHERE user_id = ${ada} AND occurred_at >= ${firstDay(7)} GROUP BY 1) s
         ORDER BY s.cost_usd DESC`;
    assert.equal(rows.length, 4);
    assert.deepEqual(await cells(page, '#dimension'), rows.map(row => row.cells));

    await page.locator('#dimension button', { hasText: 'sales' }).click();
    await page.waitForURL(url => url.searchParams.get('value') === 'sales');
    await loaded(page);
    const sales = sql`metadata ->> 'team' = 'sales'`;
    assert.deepEqual((await texts(page, '.card .value')).slice(0, 3), (await cardsBySql(7, sales)).slice(0, 3));
    assert.equal(await page.locator('#operations').count(), 0);
    const days = await sql`
        SELECT ${exact('coalesce(sum(e.cost_usd), 0)')} AS cost
          FROM generate_series(${firstDay(7)}, ${firstDay(1)}, interval '1 day') d
          LEFT JOIN helix_internal.executions e ON e.user_id = ${ada} AND ${sales} AND e.occurred_at >= d
               AND e.occurred_at < d + interval '1 day'
         GROUP BY d ORDER BY d DESC`;
    assert.deepEqual((await cells(page, '#days')).map(row => row[1]), days.map(row => row.cost));
    await close();
});

test('what the server refuses is said with its hint', async () => {
    const { page, close } = await openOperations(ada, '', { expected: [/status of 4/] });
    for (const [query, said] of [
        ['?dimension=planet', /the key is not a dimension \(42704\): It is "planet"[^]*helix\.dimensions/],
        ['?dimension=team&value=sales&model=gpt-5-mini', /cannot be narrowed[^]*22023[^]*sums by day alone/],
    ]) {
        await page.goto(`${shared.api.url}/analytics/operations${query}`);
        await page.locator('[data-state=error]').waitFor();
        assert.match(await page.locator('[data-state=error]').innerText(), said);
    }
    await close();
});
