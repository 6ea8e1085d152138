import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareDecimals, cutDecimal, exactUsd, percentChange, roundDecimal, usd, wholeDecimal } from '../src/decimal';

test('amounts are compared by value, to the last digit', () => {
    assert.ok(compareDecimals('9', '10') < 0);
    assert.ok(compareDecimals('0.3', '0.30000000000000004') < 0);
    assert.ok(compareDecimals('123456789.0000000000000000000000000000000000000001', '123456789') > 0);
    assert.equal(compareDecimals('1.50', '1.5'), 0);
    assert.ok(compareDecimals('-2', '-1.999') < 0);
});

test('rounding is half away from zero, as in SQL', () => {
    assert.equal(roundDecimal('0.00005', 4), '0.0001');
    assert.equal(roundDecimal('0.000049999', 4), '0.0000');
    assert.equal(roundDecimal('-0.00005', 4), '-0.0001');
    assert.equal(roundDecimal('1.005', 2), '1.01'); // a float would give 1.00
    assert.equal(roundDecimal('999999.99995', 4), '1,000,000.0000');
    assert.equal(roundDecimal('12', 0), '12');
});

test('a rate is cut, so that only 100 is 100', () => {
    assert.equal(cutDecimal('99.999999999', 2), '99.99');
    assert.equal(cutDecimal('94.999', 2), '94.99');
    assert.equal(cutDecimal('100', 2), '100.00');
});

test('all digits are kept', () => {
    assert.equal(
        wholeDecimal('123456789.0000000000000000000000000000000001'),
        '123,456,789.0000000000000000000000000000000001',
    );
    assert.equal(exactUsd('1234.00246'), '$1,234.00246');
});

test('amounts in USD', () => {
    assert.equal(usd('127.69234'), '$127.6923');
    assert.equal(usd('0'), '$0.0000');
    assert.equal(usd('0.00000012'), '< $0.0001');
    assert.equal(usd('-1234.5'), '-$1,234.5000');
});

test('the change in percent', () => {
    assert.equal(percentChange('150', '100'), '50.0');
    assert.equal(percentChange('0.1', '0.3'), '-66.7');
    assert.equal(percentChange('1', '3'), '-66.7');
    assert.equal(percentChange('5', '0'), null);
    assert.equal(percentChange('3', '3.00'), '0.0');
});

test('what is no decimal is refused', () => {
    for (const text of ['', '1e5', 'NaN', '1.', '.5', '1,000', ' 1']) {
        assert.throws(() => roundDecimal(text, 2), RangeError, text);
    }
});
