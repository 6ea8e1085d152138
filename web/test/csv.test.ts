import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from '../src/csv';

test('rows are those of RFC 4180', () => {
    assert.equal(
        csv(
            ['a', 'b'],
            [
                ['plain', 1],
                ['a "quoted", one', null],
                ['two\nlines', '0.1234567890123456789'],
            ],
        ),
        'a,b\r\nplain,1\r\n"a ""quoted"", one",\r\n"two\nlines",0.1234567890123456789\r\n',
    );
});

test('what a spreadsheet would take for a formula is text, and an amount stays one', () => {
    for (const text of ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\tx']) {
        assert.equal(csv(['a'], [[text]]), `a\r\n'${text}\r\n`);
    }
    assert.equal(csv(['a'], [['-2.50'], ['+3'], [-4]]), 'a\r\n-2.50\r\n+3\r\n-4\r\n');
});
