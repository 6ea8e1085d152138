import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedFilter, choiceAddress, isFiltered, noFilter, readChoice, zones } from '../src/choice';

test('a choice survives the address', () => {
    for (const choice of [
        { days: 7, timeZone: 'UTC', filter: noFilter },
        {
            days: 90,
            timeZone: 'America/Argentina/Buenos_Aires',
            filter: { ...noFilter, operation: 'a&b=c', model: 'é' },
        },
        { days: 30, timeZone: 'UTC', filter: { ...noFilter, dimension: 'team', value: 'sales & support' } },
    ]) {
        assert.deepEqual(readChoice(choiceAddress(choice)), choice);
    }
});

test('what is no choice is the default', () => {
    for (const search of ['', '?days=8', '?days=x&zone=', '?days=-7', '?operation=&model=']) {
        assert.deepEqual(readChoice(search), { days: 30, timeZone: 'UTC', filter: noFilter }, search);
    }
});

test('a zone is listed once, and the chosen one in any case', () => {
    const listed = zones('Nowhere/Atall');
    assert.equal(new Set(listed).size, listed.length);
    assert.ok(listed.includes('Nowhere/Atall') && listed.includes('Asia/Tokyo'));
});

test('a value of a dimension excludes the other parts, and they exclude it', () => {
    const narrowed = { ...noFilter, operation: 'email-compose', dimension: 'team' };
    const sales = changedFilter(narrowed, 'value', 'sales');
    assert.deepEqual(sales, { ...noFilter, dimension: 'team', value: 'sales' });
    assert.deepEqual(changedFilter(sales, 'model', 'm'), { ...noFilter, model: 'm', dimension: 'team' });
    assert.deepEqual(changedFilter(sales, 'dimension', null), noFilter);
    assert.ok(isFiltered(sales) && !isFiltered({ ...noFilter, dimension: 'team' }));
});
