// What the dashboard says while it loads, of nothing, of errors, of what is old, and of who is not signed in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, texts } from './browser.mjs';
import { serveFiles, token } from './api.mjs';
import { address, chartDrawn, eve, money, nobody, openOperations, series, shared, sql } from './pages.mjs';

const operations = '/analytics/operations';
const costBySql = async days => (await sql`SELECT ${money('cost_usd')} AS cost FROM ${series(eve, days)}`)[0].cost;
const shownCost = async page => (await texts(page, '.card .value'))[0];

test('the token leaves the address and stays with the tab, on every page', async () => {
    const { page, close } = await openOperations(eve, '?days=7');
    assert.equal(page.url(), `${shared.api.url}${operations}?days=7`);
    await page.reload();
    await page.locator('.card .value').first().waitFor();
    assert.equal(await shownCost(page), await costBySql(7));
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.locator('[data-operation]').first().waitFor();
    assert.equal(page.url(), `${shared.api.url}/settings`);
    await close();
});

test('config.json may name an API elsewhere, and a key', async () => {
    const files = await serveFiles({ url: shared.api.url, key: 'anonymous' });
    const { page, close } = await open(shared.browser, `${files.url}${operations}?days=7#token=${token(eve)}`,
        { allowed: [shared.api.url], expected: [/status of 404/] });
    const request = await page.waitForRequest(/get_dashboard/);
    assert.equal((await request.allHeaders()).apikey, 'anonymous');
    await page.locator('.card .value').first().waitFor();
    assert.equal(await shownCost(page), await costBySql(7));
    await close();
    files.stop();
});

test('somebody for whom nothing ran is told so', async () => {
    const { page, close } = await open(shared.browser, address(operations, nobody), { expected: [/status of 404/] });
    await page.locator('[data-state=empty]').waitFor();
    assert.match(await page.locator('main').innerText(), /Nothing ran in the last 30 days/);
    await close();
});

test('without a token, with one that has expired, and with one that is not accepted', async () => {
    const state = async (place, name, options) => {
        const { page, close } = await open(shared.browser, place, options);
        await page.locator(`[data-state=${name}]`).waitFor();
        assert.equal(await page.locator('.card').count(), 0);
        await close();
    };
    for (const page of [operations, '/settings']) {
        await state(`${shared.api.url}${page}`, 'missing');
        await state(`${shared.api.url}${page}#token=nonsense`, 'missing');
        await state(address(page, eve, { expiresIn: -60 }), 'expired');
        await state(address(page, eve, { secret: 'another secret, which is long enough for HS256' }), 'expired',
            { expected: [/status of 401/] });
    }
});

test('a shape stands where the figures will be, until they come', async () => {
    const { page, close } = await open(shared.browser, `${shared.api.url}/config.json`, { expected: [/status of 404/] });
    await page.route('**/rpc/get_dashboard', async route => {
        await page.locator('[data-state=loading]').waitFor();
        await route.continue();
    });
    await page.goto(address(operations, eve));
    await page.locator('.card .value').first().waitFor();
    assert.equal(await page.locator('[data-state=loading]').count(), 0);
    await close();
});

test('while the API is away the figures stay and are said to be old; once it is back they are new', async () => {
    const { page, close } = await openOperations(eve, '?days=7', { expected: [/ERR_CONNECTION|ERR_EMPTY_RESPONSE/] });
    await chartDrawn(page);
    const before = await texts(page, '.card .value');
    await shared.api.stop();
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    const notice = page.locator('[data-state=stale]');
    await notice.waitFor();
    assert.match(await notice.innerText(), /The figures are those of \d\d:\d\d:\d\d UTC[^]*the server cannot be reached/);
    assert.deepEqual(await texts(page, '.card .value'), before);
    await shared.api.start();
    await sql`SELECT helix.record_operation_execution(${eve}, 'calendar-prep', NULL, true, 700, 0.25, 'gpt-5-mini')`;
    await page.getByRole('button', { name: 'Try again' }).click();
    await notice.waitFor({ state: 'detached' });
    assert.equal(await shownCost(page), await costBySql(7));
    assert.notEqual(await shownCost(page), before[0]);
    await close();
});

test('the watch sees style in markup, other hosts and errors', async () => {
    for (const provoke of [() => document.body.setAttribute('style', 'color: red'),
        () => fetch('http://127.0.0.2/').catch(() => {}), () => console.error('a complaint')]) {
        const { page, close } = await openOperations(eve);
        await page.evaluate(provoke);
        await assert.rejects(close, { code: 'ERR_ASSERTION' });
    }
});
