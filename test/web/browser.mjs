// Debian's Chromium, watched: whatever a page complains of, violates or asks of others is found at the end of each test.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const launch = () => chromium.launch({ executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'] });

/** Opens an address in a fresh profile. The test provokes `expected` console errors; other origins are `allowed` to be asked. */
export async function open(browser, address, { expected = [], allowed = [], ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, timezoneId: 'America/New_York',
        ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const found = [];
    const complain = text => expected.some(pattern => pattern.test(text)) || found.push(text);
    page.on('console', message => ['error', 'warning'].includes(message.type()) && complain(`console: ${message.text()}`));
    page.on('pageerror', error => complain(`uncaught: ${error}`));
    const origins = [new URL(address).origin, ...allowed];
    page.on('request', request => origins.includes(new URL(request.url()).origin)
        || complain(`foreign request: ${request.url()}`));
    await page.exposeFunction('helixViolation', complain);
    await page.addInitScript(() => addEventListener('securitypolicyviolation', event =>
        globalThis.helixViolation(`violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
    await page.goto(address);
    const close = async () => {
        await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 50)));
        await context.close();
        assert.deepEqual(found, []);
    };
    return { page, close };
}

/** The texts of all elements that a selector finds. */
export const texts = (page, selector) => page.locator(selector).allInnerTexts();
