// /settings in a real browser: what it shows is stored, what is changed is saved, and what is refused is undone.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { texts } from './browser.mjs';
import { bob, eve, openOperations, openSettings, shared, sql } from './pages.mjs';

beforeEach(async () => {
    for (const user of [bob, eve]) {
        await sql`SELECT helix.reset_preferences(${user})`;
    }
});

const row = (page, operation) => page.locator(`[data-operation=${operation}]`);
const outcome = (page, field, state) => page.locator(`[data-saved="${field}"][data-state=${state}]`).waitFor();
const storedOf = async (user, operation) => (await sql`
    SELECT preferred_model, enabled, cost_budget_monthly::text AS budget
      FROM helix.get_operation_preference(${user}, ${operation})`)[0];
const themeOf = async user => (await sql`SELECT * FROM helix.get_theme_preferences(${user})`)[0];

test('the nine operations stand by category, each as it is stored', async () => {
    await sql`SELECT helix.bulk_update_operation_preferences(${eve}, ${sql.json([
        { operation_id: 'email-compose', preferred_model: 'claude-haiku-4-5', enabled: false },
        { operation_id: 'task-breakdown', preferred_model: 'gemini', cost_budget_monthly: 12.5 }])})`;
    const { page, close } = await openSettings(eve);
    assert.deepEqual(await texts(page, '.category > h3'), ['Email', 'Calendar', 'Tasks', 'Analytics']);
    const shown = await page.locator('[data-operation]').evaluateAll(rows => rows.map(one => [one.dataset.operation,
        one.querySelector('[name=preferred_model]').value, one.querySelector('[name=enabled]').checked,
        one.querySelector('[name=cost_budget_monthly]').value]).sort());
    const stored = await sql`
        SELECT operation_id, coalesce(preferred_model, '') AS model, enabled, coalesce(cost_budget_monthly::text, '') AS budget
          FROM helix.get_operation_preferences(${eve})`;
    assert.equal(stored.length, 9);
    assert.deepEqual(shown, stored.map(one => [one.operation_id, one.model, one.enabled, one.budget]));
    await close();
});

test('a card for each provider has its models and their prices of today', async () => {
    const { page, close } = await openSettings(eve);
    const providers = await sql`
        SELECT provider, count(*)::text AS models, min(input_usd_per_mtok)::float AS least, max(input_usd_per_mtok)::float AS most
          FROM (SELECT DISTINCT ON (provider, model) * FROM helix.model_prices WHERE valid_from <= now()
                 ORDER BY provider, model, valid_from DESC) p GROUP BY 1 ORDER BY 1`;
    assert.equal(providers.length, 4);
    for (const { provider, models, least, most } of providers) {
        const card = page.locator(`[data-provider=${provider}]`);
        assert.equal(await card.locator('[data-figure=models]').innerText(), models);
        assert.equal(await card.locator('[data-figure=input]').innerText(), `input $${least} – $${most}`);
        assert.equal(await card.locator('tbody tr').count(), Number(models));
    }
    await close();
});

test('an operation is saved as it is changed: model, budget to the last digit, off, and back to nothing', async () => {
    const { page, close } = await openSettings(eve);
    const compose = row(page, 'email-compose');
    await compose.locator('[name=preferred_model]').selectOption('gpt-5-mini');
    await outcome(page, 'email-compose.preferred_model', 'saved');
    await compose.locator('[name=cost_budget_monthly]').fill('12.345678901234567890123');
    await compose.locator('[name=cost_budget_monthly]').press('Enter');
    await outcome(page, 'email-compose.cost_budget_monthly', 'saved');
    await compose.locator('[name=enabled]').press('Space');
    await outcome(page, 'email-compose.enabled', 'saved');
    assert.deepEqual({ ...(await storedOf(eve, 'email-compose')) },
        { preferred_model: 'gpt-5-mini', enabled: false, budget: '12.345678901234567890123' });
    const [{ spent }] = await sql`SELECT '$' || trim_scale(spent_usd) AS spent FROM helix.budget_status(${eve})`;
    await compose.locator('[data-figure=spent]').waitFor();
    assert.equal(await compose.locator('[data-figure=spent]').innerText(), `${spent} spent this month`);
    await page.reload();
    assert.equal(await compose.locator('[name=cost_budget_monthly]').inputValue(), '12.345678901234567890123');

    await compose.locator('[name=cost_budget_monthly]').fill('');
    await compose.locator('[name=cost_budget_monthly]').press('Enter');
    await outcome(page, 'email-compose.cost_budget_monthly', 'saved');
    await compose.locator('[name=preferred_model]').selectOption('');
    await outcome(page, 'email-compose.preferred_model', 'saved');
    assert.deepEqual({ ...(await storedOf(eve, 'email-compose')) }, { preferred_model: null, enabled: false, budget: null });
    await close();
});

test('what the server refuses is undone, with its message and hint', async () => {
    const { page, close } = await openSettings(eve, { expected: [/status of 400/] });
    const budget = row(page, 'email-respond').locator('[name=cost_budget_monthly]');
    await budget.fill('3');
    await budget.press('Enter');
    await outcome(page, 'email-respond.cost_budget_monthly', 'saved');
    for (const [typed, said] of [['-5', /22003/], ['much', /not an amount[^]*"much"[^]*12\.50/]]) {
        await budget.fill(typed);
        await budget.press('Enter');
        await outcome(page, 'email-respond.cost_budget_monthly', 'refused');
        const words = page.locator('[data-saved="email-respond.cost_budget_monthly"]');
        assert.match(await words.innerText(), said);
        assert.equal(await budget.inputValue(), '3');
    }
    assert.equal((await storedOf(eve, 'email-respond')).budget, '3');
    await close();
});

test('every word and switch of theme, layout and notifications is saved', async () => {
    const { page, close } = await openSettings(eve);
    const words = { email_list_view: 'compact', calendar_view: 'agenda', tasks_sort_by: 'due_date' };
    for (const [name, value] of Object.entries(words)) {
        await page.locator(`[name=${name}]`).selectOption(value);
        await outcome(page, name, 'saved');
        assert.equal((await themeOf(eve))[name], value);
    }
    for (const name of ['compact_mode', 'sidebar_collapsed', 'notify_on_operation_completion', 'notify_on_operation_failure',
        'notify_on_cost_limit_warning', 'notify_on_cost_limit_exceeded']) {
        const before = (await themeOf(eve))[name];
        await page.getByRole('switch').and(page.locator(`[name=${name}]`)).press('Space');
        await outcome(page, name, 'saved');
        assert.equal((await themeOf(eve))[name], !before, name);
    }
    await close();
});

const ground = page => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const [light, dark] = ['rgb(246, 247, 249)', 'rgb(16, 20, 24)'];

test('the theme applies at once, also by the system, and on every page and in every browser', async () => {
    const { page, close } = await openSettings(eve, { colorScheme: 'dark' });
    assert.equal(await ground(page), dark);
    await page.getByText('Light', { exact: true }).click();
    assert.equal(await ground(page), light);
    await outcome(page, 'color_scheme', 'saved');
    await page.getByText('As the system', { exact: true }).click();
    assert.equal(await ground(page), dark);
    await page.emulateMedia({ colorScheme: 'light' });
    assert.equal(await ground(page), light);
    await page.getByText('Dark', { exact: true }).click();
    assert.equal(await ground(page), dark);
    await page.waitForFunction(() => document.querySelector('[data-saved=color_scheme]')?.dataset.state === 'saved');
    await page.locator('[name=accent_color]').fill('#c0ffee');
    await outcome(page, 'accent_color', 'saved');
    assert.deepEqual([(await themeOf(eve)).color_scheme, (await themeOf(eve)).accent_color], ['dark', '#c0ffee']);
    assert.equal(await page.locator('.ranges input:checked + span').evaluate(span => getComputedStyle(span).backgroundColor),
        'rgb(192, 255, 238)');
    await page.reload();
    assert.equal(await ground(page), dark);
    await close();
    const elsewhere = await openOperations(eve, '', { colorScheme: 'light' });
    await elsewhere.page.waitForFunction(() => document.documentElement.dataset.scheme === 'dark');
    assert.equal(await ground(elsewhere.page), dark);
    await elsewhere.close();
});

test('two users have their own settings', async () => {
    const [first, second] = await Promise.all([openSettings(eve), openSettings(bob)]);
    await row(first.page, 'calendar-time').locator('[name=enabled]').press('Space');
    await outcome(first.page, 'calendar-time.enabled', 'saved');
    await second.page.reload();
    await second.page.locator('[data-operation]').first().waitFor();
    assert.equal(await row(second.page, 'calendar-time').locator('[name=enabled]').isChecked(), true);
    assert.equal((await storedOf(eve, 'calendar-time')).enabled, false);
    assert.equal((await storedOf(bob, 'calendar-time')).enabled, true);
    await Promise.all([first.close(), second.close()]);
});

test('while the API is away a change is undone and says why; once it is back it is saved', async () => {
    const { page, close } = await openSettings(eve, { expected: [/ERR_CONNECTION|ERR_EMPTY_RESPONSE/] });
    const enabled = row(page, 'task-prioritize').locator('[name=enabled]');
    await shared.api.stop();
    await enabled.press('Space');
    await outcome(page, 'task-prioritize.enabled', 'refused');
    assert.equal(await enabled.isChecked(), true);
    assert.match(await page.locator('[data-saved="task-prioritize.enabled"]').innerText(), /cannot be reached/);
    await shared.api.start();
    await enabled.press('Space');
    await outcome(page, 'task-prioritize.enabled', 'saved');
    assert.equal((await storedOf(eve, 'task-prioritize')).enabled, false);
    await close();
});

test('an accent color of any kind is readable', async () => {
    await sql`SELECT helix.set_theme_preferences(${eve}, p_accent_color => '#FFFF00')`;
    const { page, close } = await openSettings(eve, { colorScheme: 'light' });
    const chosen = page.locator('.ranges input:checked + span');
    const [text, back] = await chosen.evaluate(span => [getComputedStyle(span).color, getComputedStyle(span).backgroundColor]);
    const luminance = color => color.match(/\d+/g).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92
        : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    const [most, least] = [luminance(text), luminance(back)].sort((a, b) => b - a);
    assert.ok((most + 0.05) / (least + 0.05) >= 4.5);
    await close();
});
