// Owns: tables as files of comma-separated values (RFC 4180), with exact amounts, safe to open in a spreadsheet.

export type Cell = string | number | null;

/** Text that a spreadsheet would take for a formula. Numbers with a sign are none. */
const formula = /^[=+\-@\t\r]/;
const decimal = /^[-+]?\d+(\.\d+)?$/;

function field(cell: Cell): string {
    if (cell === null) {
        return '';
    }
    const text = String(cell);
    const safe = formula.test(text) && !decimal.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(heading: string[], rows: Cell[][]): string {
    return [heading, ...rows].map(row => `${row.map(field).join(',')}\r\n`).join('');
}

/** Hands a file to whoever looks at the page. */
export function download(name: string, text: string): void {
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may read it a little later
}
