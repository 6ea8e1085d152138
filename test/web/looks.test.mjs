// How the pages look: for everybody, in each scheme and width; how little they load; and their pictures for the documentation.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import axe from 'axe-core';
import { ada, address, chartDrawn, openOperations, openSettings, shared } from './pages.mjs';

const largest = 250 * 1024; // bytes of a first visit, compressed
const latest = 1000; // ms until something is seen

const openers = { operations: options => openOperations(ada, '?dimension=team', options), settings: options => openSettings(ada,
    options) };

for (const [name, openPage] of Object.entries(openers)) {
    test(`${name}: dark and light, wide and narrow: readable, within the window, and nothing that axe finds`, async () => {
        for (const [colorScheme, width] of [['light', 360], ['dark', 360], ['dark', 1280], ['light', 2560]]) {
            const { page, close } = await openPage({ colorScheme, viewport: { width, height: 900 } });
            if (name === 'operations') {
                await chartDrawn(page);
            }
            // The settings have a hundred prices, which all look alike.
            const opened = name === 'settings' ? '[data-provider=deepseek] details' : 'details';
            await page.evaluate(of => document.querySelectorAll(of).forEach(one => { one.open = true; }), opened);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px are enough`);
            await page.evaluate(axe.source);
            const { violations } = await page.evaluate(() => globalThis.axe.run());
            assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${colorScheme}, ${width} px`);
            await close();
        }
    });

    test(`${name}: a first visit loads little, and shows something soon`, async () => {
        const context = await shared.browser.newContext();
        const page = await context.newPage();
        const sizes = [];
        page.on('requestfinished', async request => sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize)));
        await page.goto(address(name === 'settings' ? '/settings' : '/analytics/operations', ada));
        await page.locator(name === 'settings' ? '[data-operation]' : '.trend svg path').first().waitFor({ state: 'attached' });
        const loaded = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
        assert.ok(loaded > 5000 && loaded <= largest, `${loaded} bytes`);
        const seen = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
        console.log(`${name}: ${loaded} bytes, first content after ${Math.round(seen)} ms`);
        assert.ok(seen < latest, `${seen} ms`);
        await context.close();
    });

    test(`${name}: everything can be reached by the keyboard`, async () => {
        const { page, close } = await openPage();
        const wanted = await page.evaluate(() => {
            const all = [...document.querySelectorAll('a[href], button, select, input, summary, [tabindex="0"]')]
                .filter(one => one.checkVisibility() && (one.type !== 'radio' || one.checked));
            all.forEach((one, place) => { one.dataset.place = place; });
            return all.length;
        });
        const reached = new Set();
        for (let step = 0; step < wanted + 3; ++step) {
            await page.keyboard.press('Tab');
            const place = await page.evaluate(() => document.activeElement?.dataset.place ?? null);
            if (place !== null) {
                reached.add(place);
            }
        }
        assert.equal(reached.size, wanted);
        await close();
    });
}

test('the chart takes the colors of the scheme as it changes', async () => {
    const { page, close } = await openOperations(ada, '', { colorScheme: 'light' });
    const strokes = () => page.locator('.trend svg').evaluate(svg => [...svg.querySelectorAll('path')].map(path =>
        path.getAttribute('stroke')).join());
    await chartDrawn(page);
    const light = await strokes();
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.notEqual(await strokes(), light);
    await close();
});

test('screenshots', { skip: !process.env.HELIX_SCREENSHOTS }, async () => {
    await mkdir(process.env.HELIX_SCREENSHOTS, { recursive: true });
    const picture = name => `${process.env.HELIX_SCREENSHOTS}/${name}.png`;
    for (const colorScheme of ['light', 'dark']) {
        const { page, close } = await openOperations(ada, '', { colorScheme, viewport: { width: 1120, height: 1360 } });
        await chartDrawn(page);
        await page.screenshot({ path: picture(`dashboard-${colorScheme}`) });
        await close();
        const settings = await openSettings(ada, { colorScheme, viewport: { width: 1120, height: 1060 } });
        await settings.page.screenshot({ path: picture(`settings-${colorScheme}`) });
        await settings.close();
    }
});
