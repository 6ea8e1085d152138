// Preferences: upserts straight on the relations, as clients make them, and the functions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, refused, signUp } from './clients.mjs';

test('clients upsert operation preferences on (user_id, operation_id)', async () => {
    const ada = await signUp('ada');
    const upsert = row => data(ada.from('user_operation_preferences')
        .upsert({ user_id: ada.id, operation_id: 'email-compose', ...row }, { onConflict: 'user_id,operation_id' }).select());
    const [first] = await upsert({ preferred_model: 'anthropic', cost_budget_monthly: 12.5, default_parameters: { tone: 'warm' } });
    const [second] = await upsert({ preferred_model: 'claude-haiku-4-5', updated_at: '2000-01-01' });
    assert.equal(second.id, first.id);
    assert.equal(second.created_at, first.created_at);
    assert.ok(second.updated_at > first.updated_at);
    const rows = await data(ada.from('user_operation_preferences')
        .select('operation_id, preferred_model, enabled, default_parameters, cost_budget_monthly'));
    assert.deepEqual(rows, [{
        operation_id: 'email-compose', preferred_model: 'claude-haiku-4-5', enabled: true, default_parameters: { tone: 'warm' },
        cost_budget_monthly: 12.5,
    }]);
    await refused(ada.from('user_operation_preferences')
        .upsert({ user_id: ada.id, operation_id: 'email-compose', preferred_model: 'gpt-0' },
        { onConflict: 'user_id,operation_id' }), { status: 400, code: '42704', details: /gpt-0/ });
    await refused(ada.from('user_operation_preferences').update({ cost_budget_monthly: -1 }).eq('operation_id', 'email-compose'),
        { status: 400, code: '22003', details: /-1/ });
});

test('clients upsert the theme on user_id, and words outside the list are refused', async () => {
    const ada = await signUp('ada');
    const upsert = row => ada.from('ui_theme_preferences').upsert({ user_id: ada.id, ...row }, { onConflict: 'user_id' });
    await data(upsert({ color_scheme: 'dark', accent_color: '#A1B2C3' }));
    await data(upsert({ calendar_view: 'agenda' }));
    const theme = await data(ada.from('ui_theme_preferences').select('color_scheme, accent_color, calendar_view, compact_mode')
        .single());
    assert.deepEqual(theme, { color_scheme: 'dark', accent_color: '#A1B2C3', calendar_view: 'agenda', compact_mode: false });
    await refused(upsert({ color_scheme: 'sepia' }), { status: 400, code: '22023', details: /sepia/, hint: /light, dark/ });
    await refused(upsert({ accent_color: 'red' }), { status: 400, code: '22023', details: /red/, hint: /#RRGGBB/ });
    assert.equal((await data(ada.rpc('get_theme_preferences', { p_user_id: ada.id }))).color_scheme, 'dark');
});

test('the functions return defaults, change parts, and reset', async () => {
    const ada = await signUp('ada'), p_user_id = ada.id;
    const one = () => data(ada.rpc('get_operation_preference', { p_user_id, p_operation_id: 'task-prioritize' }));
    const stored = await one();
    assert.deepEqual([stored.user_id, stored.enabled, stored.cost_budget_monthly, stored.id], [ada.id, true, null, null]);
    assert.equal((await data(ada.rpc('get_operation_preferences', { p_user_id }))).length, 9);
    await data(ada.rpc('set_operation_preference', { p_user_id, p_operation_id: 'task-prioritize', p_enabled: false,
        p_preferred_model: 'gemini' }));
    await data(ada.rpc('set_operation_preference', { p_user_id, p_operation_id: 'task-prioritize', p_cost_budget_monthly: 3 }));
    const changed = await one();
    assert.deepEqual([changed.enabled, changed.preferred_model, changed.cost_budget_monthly], [false, 'gemini', 3]);
    await data(ada.rpc('set_theme_preferences', { p_user_id, p_color_scheme: 'light' }));
    const theme = await data(ada.rpc('set_theme_preferences', { p_user_id, p_sidebar_collapsed: true }));
    assert.deepEqual([theme.color_scheme, theme.sidebar_collapsed], ['light', true]);
    await data(ada.rpc('reset_preferences', { p_user_id }));
    assert.equal((await one()).enabled, true);
    assert.equal((await data(ada.rpc('get_theme_preferences', { p_user_id }))).color_scheme, 'auto');
});

test('ten preferences change by one call, or none', async () => {
    const ada = await signUp('ada');
    const call = p_updates => ada.rpc('bulk_update_operation_preferences', { p_user_id: ada.id, p_updates });
    const rows = await data(call([
        { operation_id: 'email-compose', enabled: false, cost_budget_monthly: 5 },
        { operation_id: 'email-respond', preferred_model: 'openai' },
    ]));
    assert.deepEqual(rows.map(row => [row.operation_id, row.enabled, row.preferred_model, row.cost_budget_monthly]).sort(),
        [['email-compose', false, rows[0].preferred_model, 5], ['email-respond', true, 'openai', null]]);
    await refused(call([{ operation_id: 'email-compose', enabled: true }, { operation_id: 'nope', enabled: true }]),
        { status: 400, code: '42704', message: /^unknown operation$/, details: /element 1.*nope/ });
    assert.deepEqual(await data(ada.from('user_operation_preferences').select('enabled').eq('operation_id', 'email-compose')
        .single()),
        { enabled: false });
});

test('every change is in the log, which nobody edits', async () => {
    const ada = await signUp('ada');
    await data(ada.from('ui_theme_preferences').insert({ user_id: ada.id, color_scheme: 'dark' }));
    await data(ada.from('ui_theme_preferences').update({ color_scheme: 'light' }).eq('user_id', ada.id));
    const log = await data(ada.from('preference_audit_log').select('preference_type, change_details, changed_by').order('id'));
    assert.deepEqual(log.map(row => [row.preference_type, row.change_details.action, row.changed_by]),
        [['theme', 'insert', 'authenticated'], ['theme', 'update', 'authenticated']]);
    assert.equal(log[1].change_details.old.color_scheme, 'dark');
    assert.equal(log[1].change_details.new.color_scheme, 'light');
    await refused(ada.from('preference_audit_log').delete().eq('user_id', ada.id), { status: 403, code: '42501' });
    await refused(ada.from('preference_audit_log').update({ preference_type: 'operation' }).eq('user_id', ada.id),
        { status: 403, code: '42501' });
});
