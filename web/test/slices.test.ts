import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDecimals, percentOf } from '../src/decimal';
import { slicePath, slicesOf } from '../src/slices';

const rows = (...costs: string[]) => costs.map((cost_usd, place) => ({ operation_id: `o${place}`, cost_usd }));

test('the eight dearest have a slice each, all others one', () => {
    const slices = slicesOf(rows('1', '2', '3', '4', '5', '6', '7', '8', '9', '0.5', '0', '-3'));
    assert.deepEqual(
        slices.map(slice => [slice.name, slice.operations, slice.cost_usd, slice.percent]),
        [
            ['o8', 1, '9', '19.78'],
            ['o7', 1, '8', '17.58'],
            ['o6', 1, '7', '15.38'],
            ['o5', 1, '6', '13.19'],
            ['o4', 1, '5', '10.99'],
            ['o3', 1, '4', '8.79'],
            ['o2', 1, '3', '6.59'],
            ['o1', 1, '2', '4.40'],
            ['others', 2, '1.5', '3.30'],
        ],
    );
    assert.equal(slicesOf(rows('0', '-1')).length, 0);
});

test('one slice is the whole circle, others begin where the one before ends', () => {
    assert.match(slicePath(0, 1), /^M0 -1A/);
    assert.equal(slicePath(0, 0.25), 'M0 0L0.000000 -1.000000A1 1 0 0 1 1.000000 -0.000000Z');
    assert.match(slicePath(0.25, 0.75), /^M0 0L1\.000000 -0\.000000A1 1 0 1 1/);
});

test('sums and parts are exact', () => {
    assert.equal(addDecimals(['0.1', '0.2', '1000000000000000000000.3']), '1000000000000000000000.6');
    assert.equal(addDecimals([]), '0');
    assert.equal(percentOf('1', '3'), '33.33');
    assert.equal(percentOf('1', '0'), null);
});
