import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contrast, readable } from '../src/color';

test('contrast is that of WCAG', () => {
    assert.equal(contrast('#000000', '#ffffff'), 21);
    assert.equal(contrast('#777777', '#FFFFFF').toFixed(2), '4.48');
});

test('any color becomes readable, and one that is stays as it is', () => {
    for (const ground of ['#ffffff', '#181d23']) {
        for (const color of ['#ffff00', '#3B82F6', '#000000', '#ffffff', '#808080', '#0000ff', '#ff0000']) {
            assert.ok(contrast(readable(color, ground), ground) >= 4.5, `${color} on ${ground}`);
        }
    }
    assert.equal(readable('#1b1f24', '#ffffff'), '#1b1f24');
});
