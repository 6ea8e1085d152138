import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sessionOf } from '../src/session';

const token = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

test('a token says who it is of, and how long', () => {
    const signed = token({ sub: 'e51a0000-0000-0000-0000-000000000005', exp: 1764000000, name: 'Zoë > ÿ' });
    assert.deepEqual(sessionOf(signed), {
        token: signed,
        userId: 'e51a0000-0000-0000-0000-000000000005',
        expiresAt: 1764000000000,
    });
    assert.equal(sessionOf(token({ sub: 'someone' }))?.expiresAt, null);
});

test('what is no token of a user is none', () => {
    for (const bad of [
        null,
        '',
        'abc',
        'a.b.c',
        token(null),
        token('text'),
        token({ role: 'service_role' }),
        token({ sub: 5 }),
    ]) {
        assert.equal(sessionOf(bad), null, String(bad));
    }
});
