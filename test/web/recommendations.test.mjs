// Recommendations on the dashboard: what is shown is stored, what is decided is done at once, and what is refused comes back.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { texts } from './browser.mjs';
import { bob, eve, exact, money, openOperations, recommends, sql } from './pages.mjs';

const options = { skip: recommends ? false : 'the server has no recommendations' };

// What users see of them is what is stored, whatever found it.
beforeEach(async () => {
    if (recommends) {
        await sql`DELETE FROM helix.optimization_recommendations WHERE user_id IN (${eve}, ${bob})`;
        await sql`
            INSERT INTO helix.optimization_recommendations (user_id, kind, operation_id, subject, title, description,
                recommendation_type, estimated_savings_percent, estimated_savings_usd, estimated_latency_improvement_percent,
                priority, suggested_action, estimated_implementation_effort, extent)
            VALUES (${eve}, 'cheaper_model', 'email-compose', 'gpt-5-mini', 'A cheaper model for email-compose',
                    'Why, in one sentence.',
                    'cost', 62.5, 1.2345678901234567890123, -3.5, 9, ${sql.json({ table: 'helix.user_operation_preferences',
        where: { operation_id: 'email-compose' }, set: { preferred_model: 'gpt-5-mini' } })}, 'trivial', 1),
                   (${eve}, 'failures', 'task-breakdown', '', 'task-breakdown often fails', 'It failed often.', 'usage', NULL, NULL,
                    NULL, 5, ${sql.json({ view: 'helix.executions' })}, 'moderate', 1)`;
    }
});

const statuses = async () => Object.fromEntries((await sql`
    SELECT kind, status FROM helix.optimization_recommendations WHERE user_id = ${eve}`).map(row => [row.kind, row.status]));
const list = page => page.locator('[data-recommendation]');

test('each has its savings, latency and effort; the most important comes first, and nobody sees those of others', options,
    async () => {
        const { page, close } = await openOperations(eve);
        await list(page).first().waitFor();
        const rows = await sql`
            SELECT title, description, ${money('estimated_savings_usd')} AS cost, ${exact('estimated_savings_usd')} AS exact
              FROM helix.get_recommendations(${eve}, 10)`;
        assert.deepEqual(await texts(page, '[data-recommendation] h3'), rows.map(row => row.title));
        assert.deepEqual(await texts(page, '[data-recommendation] > p'), rows.map(row => row.description));
        const gain = name => list(page).first().locator(`[data-gain=${name}]`);
        assert.equal(await gain('savings_usd').innerText(), `saves ${rows[0].cost}`);
        assert.equal(await gain('savings_usd').getAttribute('title'), rows[0].exact);
        assert.equal(rows[0].exact, '$1.2345678901234567890123');
        assert.deepEqual(await Promise.all(['savings_percent', 'latency', 'effort'].map(name => gain(name).innerText())),
            ['62.5 % cheaper', '3.5 % slower', 'effort: trivial']);
        await close();
        const other = await openOperations(bob);
        await other.page.locator('[data-section=recommendations]').waitFor();
        assert.equal(await list(other.page).count(), 0);
        await other.close();
    });

test('a decision takes one off the list at once, and is stored', options, async () => {
    const { page, close } = await openOperations(eve);
    await page.getByRole('button', { name: /^Dismiss: task-breakdown/ }).click();
    await page.waitForFunction(() => document.querySelectorAll('[data-recommendation]').length === 1);
    await page.getByRole('button', { name: /^Implement: A cheaper/ }).press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('[data-recommendation]').length === 0);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(await statuses(), { cheaper_model: 'implemented', failures: 'dismissed' });
    const [{ preferred_model }] = await sql`SELECT preferred_model FROM helix.get_operation_preference(${eve}, 'email-compose')`;
    assert.equal(preferred_model, 'gpt-5-mini');
    await close();
});

test('what the server refuses comes back with its message', options, async () => {
    const { page, close } = await openOperations(eve, '', { expected: [/status of [45]/] });
    await list(page).first().waitFor();
    await sql`DELETE FROM helix.optimization_recommendations WHERE user_id = ${eve} AND kind = 'failures'`;
    await page.getByRole('button', { name: /^Dismiss: task-breakdown/ }).click();
    await page.locator('.refused').waitFor();
    assert.match(await page.locator('.refused').innerText(), /P0002/);
    assert.equal(await list(page).count(), 2);
    await close();
});
