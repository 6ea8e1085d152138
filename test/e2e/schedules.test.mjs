// Schedules, and their jobs in pg_cron.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data, dba, refused, signUp } from './clients.mjs';

const cronJobs = name => dba`SELECT schedule, active FROM cron.job WHERE jobname = ${name}`.then(rows =>
    rows.map(row => ({ ...row })));

test('a job is registered by name, runs in pg_cron, and is taken out again', async () => {
    const ada = await signUp('ada'), p_job_name = `morning ${ada.id}`;
    const register = p_schedule => ada.rpc('register_cron_job',
        { p_job_name, p_schedule, p_operation_id: 'analytics-summary', p_user_id: ada.id, p_timezone: 'Europe/Berlin' });
    const row = await data(register('30 7 * * mon-fri'));
    assert.deepEqual([row.user_id, row.job_name, row.schedule_expression, row.timezone],
        [ada.id, p_job_name, '30 7 * * mon-fri', 'Europe/Berlin']);
    assert.deepEqual(await cronJobs(`helix_${p_job_name}`), [{ schedule: '30 * * * *', active: true }]);
    assert.equal(await data(ada.rpc('check_cron_job_exists', { p_job_name })), true);
    assert.deepEqual(await data(ada.from('cron_job_registry').select('job_name, next_scheduled_at').single()),
        { job_name: p_job_name, next_scheduled_at: row.next_scheduled_at });
    await refused(register('99 7 * * *'), { status: 400, code: '22023', details: /99/ });
    assert.equal((await data(ada.from('cron_job_registry').select('schedule_expression').single())).schedule_expression,
        '30 7 * * mon-fri');
    assert.equal(await data(ada.rpc('unregister_cron_job', { p_job_name })), true);
    assert.equal(await data(ada.rpc('unregister_cron_job', { p_job_name })), false);
    assert.equal(await data(ada.rpc('check_cron_job_exists', { p_job_name })), false);
    assert.deepEqual(await cronJobs(`helix_${p_job_name}`), []);
});

test('a schedule is a row: inserting, disabling and deleting it moves its job', async () => {
    const ada = await signUp('ada');
    const row = { user_id: ada.id, operation_id: 'email-classify', schedule_type: 'cron', cron_expression: '15 3 * * *',
        parameters: { folder: 'inbox' } };
    const made = await data(ada.from('operation_schedules').insert(row).select().single());
    assert.deepEqual([made.timezone, made.enabled, made.parameters, made.execution_count], ['UTC', true, { folder: 'inbox' }, 0]);
    assert.match(made.next_execution_at, /[ T]03:15:00/);
    assert.deepEqual(await cronJobs(`helix_${made.id}`), [{ schedule: '15 3 * * *', active: true }]);
    await data(ada.from('operation_schedules').update({ enabled: false }).eq('id', made.id));
    assert.deepEqual(await cronJobs(`helix_${made.id}`), []);
    await data(ada.from('operation_schedules').update({ enabled: true, cron_expression: '20 4 * * *' }).eq('id', made.id));
    assert.deepEqual(await cronJobs(`helix_${made.id}`), [{ schedule: '20 4 * * *', active: true }]);
    await data(ada.from('operation_schedules').delete().eq('id', made.id));
    assert.deepEqual(await cronJobs(`helix_${made.id}`), []);
    assert.deepEqual(await data(ada.from('operation_schedules').select('id')), []);
});

test('what cannot be a schedule is refused', async () => {
    const ada = await signUp('ada');
    const insert = row => ada.from('operation_schedules')
        .insert({ user_id: ada.id, operation_id: 'email-classify', schedule_type: 'cron', ...row });
    await refused(insert({ cron_expression: 'whenever' }), { status: 400, code: '22023', details: /whenever/ });
    await refused(insert({ cron_expression: '0 0 30 2 *' }), { status: 400, code: '22023' });
    await refused(insert({ cron_expression: '0 0 * * *', timezone: 'Mars/Olympus' }),
        { status: 400, code: '22023', details: /Mars\/Olympus/ });
    await refused(insert({ cron_expression: '0 0 * * *', operation_id: 'nope' }), { status: 409, code: '23503' });
    await refused(insert({ cron_expression: '0 0 * * *', job_name: 'mine' }), { status: 403, code: '42501' });
    assert.deepEqual(await data(ada.from('operation_schedules').select('id')), []);
});

test('next_run answers for a time zone', async () => {
    const ada = await signUp('ada');
    const next = await data(ada.rpc('next_run', { p_expression: '30 2 * * *', p_timezone: 'Europe/Berlin',
        p_after: '2027-03-27T12:00:00Z' }));
    assert.equal(new Date(next).toISOString(), '2027-03-28T01:00:00.000Z'); // 02:30 does not exist that night
});
