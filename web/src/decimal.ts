// Owns: exact decimals. Amounts arrive as text, and stay text until they are shown: no float ever holds one.

/** A decimal as a whole number of units of 10^-places. */
interface Scaled {
    units: bigint;
    places: number;
}

function parse(text: string): Scaled {
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (!match) {
        throw new RangeError(`not a decimal: ${text}`);
    }
    const [, sign, whole, fraction = ''] = match;
    return { units: BigInt(`${sign}${whole}${fraction}`), places: fraction.length };
}

function unitsAt({ units, places }: Scaled, wanted: number): bigint {
    return units * 10n ** BigInt(wanted - places);
}

/** Both as whole numbers of the same unit. */
function together(a: string, b: string): [bigint, bigint] {
    const [first, second] = [parse(a), parse(b)];
    const places = Math.max(first.places, second.places);
    return [unitsAt(first, places), unitsAt(second, places)];
}

/** Half away from zero, as SQL's round() does it. */
function divideRounded(numerator: bigint, denominator: bigint): bigint {
    const negative = numerator < 0n !== denominator < 0n;
    const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator];
    const rounded = (2n * n + d) / (2n * d);
    return negative ? -rounded : rounded;
}

function text(units: bigint, places: number): string {
    const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
    const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ',');
    return `${units < 0n ? '-' : ''}${whole}${places > 0 ? `.${digits.slice(-places)}` : ''}`;
}

/** Negative, 0 or positive, as sort() wants it. */
export function compareDecimals(a: string, b: string): number {
    const [first, second] = together(a, b);
    return first < second ? -1 : first > second ? 1 : 0;
}

/** With this many decimals, rounded half away from zero, and commas between thousands. */
export function roundDecimal(decimal: string, places: number): string {
    const parsed = parse(decimal);
    return text(
        parsed.places <= places
            ? unitsAt(parsed, places)
            : divideRounded(parsed.units, 10n ** BigInt(parsed.places - places)),
        places,
    );
}

/** With at most this many decimals: what is beyond them is cut off. So 99.999 never looks like 100. */
export function cutDecimal(decimal: string, places: number): string {
    const parsed = parse(decimal);
    return text(
        parsed.places <= places ? unitsAt(parsed, places) : parsed.units / 10n ** BigInt(parsed.places - places),
        places,
    );
}

/** All its digits, with commas between thousands. */
export function wholeDecimal(decimal: string): string {
    return roundDecimal(decimal, parse(decimal).places);
}

/** By how many percent `now` differs from `before`, with one decimal; null where there was nothing before. */
export function percentChange(now: string, before: string): string | null {
    const [current, previous] = together(now, before);
    return previous === 0n ? null : text(divideRounded((current - previous) * 1000n, previous), 1);
}

/** USD with four decimals, as the tables show it. What is more than nothing never looks like nothing. */
export function usd(amount: string): string {
    const rounded = roundDecimal(amount, 4);
    return rounded === '0.0000' && compareDecimals(amount, '0') > 0 ? '< $0.0001' : `$${rounded}`.replace('$-', '-$');
}

/** USD to the last digit. */
export function exactUsd(amount: string): string {
    return `$${wholeDecimal(amount)}`.replace('$-', '-$');
}

/** The exact sum, as a decimal without commas. */
export function addDecimals(amounts: string[]): string {
    const parsed = amounts.map(parse);
    const places = Math.max(0, ...parsed.map(amount => amount.places));
    const units = parsed.reduce((sum, amount) => sum + unitsAt(amount, places), 0n);
    return text(units, places).replaceAll(',', '');
}

/** What share of `whole` a part is, in percent with two decimals; null where there is no whole. */
export function percentOf(part: string, whole: string): string | null {
    const [first, second] = together(part, whole);
    return second === 0n ? null : text(divideRounded(first * 10_000n, second), 2);
}
