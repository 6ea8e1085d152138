import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceAddress, readChoice, zones } from '../src/choice';

test('a choice survives the address', () => {
    for (const choice of [
        { days: 7, timeZone: 'UTC' },
        { days: 90, timeZone: 'America/Argentina/Buenos_Aires' },
    ]) {
        assert.deepEqual(readChoice(choiceAddress(choice)), choice);
    }
});

test('what is no choice is the default', () => {
    for (const search of ['', '?days=8', '?days=x&zone=', '?days=-7']) {
        assert.deepEqual(readChoice(search), { days: 30, timeZone: 'UTC' }, search);
    }
});

test('a zone is listed once, and the chosen one in any case', () => {
    const listed = zones('Nowhere/Atall');
    assert.equal(new Set(listed).size, listed.length);
    assert.ok(listed.includes('Nowhere/Atall') && listed.includes('Asia/Tokyo'));
});
