// What the dashboard's page asks for, by POST with named arguments and as the page's headers have it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, dba, refused, signIn } from './clients.mjs';

test('get_dashboard is one JSON value with exact amounts as text', async () => {
    const ada = await signIn(), cost = '0.0123456789012345678901234567890123456789';
    await dba`SELECT helix.record_operation_execution(${ada.id}, 'email-compose', NULL, true, 800, ${cost}, 'openai')`;
    const found = await data(ada.rpc('get_dashboard', { p_user_id: ada.id, p_days: 7, p_time_zone: 'europe/berlin' }));
    assert.deepEqual([found.user_id, found.days, found.time_zone, found.granularity], [ada.id, 7, 'Europe/Berlin', 'day']);
    assert.deepEqual([found.totals.executions, found.totals.cost_usd, found.totals.success_rate], [1, cost, 100]);
    assert.deepEqual([found.trend.length, found.trend[6].cost_usd, found.trend[0].success_rate], [7, cost, null]);
    assert.deepEqual(found.operations.map(row => [row.operation_id, row.cost_usd]), [['email-compose', cost]]);
    assert.equal(found.previous.cost_usd, '0');
});

test('what get_dashboard refuses arrives with detail and hint', async () => {
    const [ada, bob] = [await signIn(), await signIn()];
    await refused(ada.rpc('get_dashboard', { p_user_id: ada.id, p_time_zone: 'Nowhere/Atall' }),
        { status: 400, code: '22023', message: /unknown time zone/, details: /Nowhere\/Atall/, hint: /Europe\/Berlin/ });
    await refused(ada.rpc('get_dashboard', { p_user_id: bob.id }), { status: 403, code: '42501' });
});
