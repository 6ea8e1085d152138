// Owns: how the cost of operations divides a pie: the eight dearest, and all others together.
import { addDecimals, compareDecimals, percentOf } from './decimal';

export interface Slice {
    name: string;
    /** How many operations it stands for. */
    operations: number;
    cost_usd: string;
    /** Of the whole pie, with two decimals. */
    percent: string;
    /** The same from 0 to 1, to draw it. */
    share: number;
}

export const most = 8;

/** Costs of 0 and credits have no slice. The dearest comes first. */
export function slicesOf(rows: { operation_id: string; cost_usd: string }[]): Slice[] {
    const spent = rows
        .filter(row => compareDecimals(row.cost_usd, '0') > 0)
        .sort((a, b) => compareDecimals(b.cost_usd, a.cost_usd));
    const whole = addDecimals(spent.map(row => row.cost_usd));
    const slice = (name: string, operations: number, cost: string): Slice => ({
        name,
        operations,
        cost_usd: cost,
        percent: percentOf(cost, whole) as string,
        share: Number(cost) / Number(whole),
    });
    const shown = spent.slice(0, most).map(row => slice(row.operation_id, 1, row.cost_usd));
    const rest = spent.slice(most);
    return rest.length === 0
        ? shown
        : [...shown, slice('others', rest.length, addDecimals(rest.map(row => row.cost_usd)))];
}

/** The path of a slice of a circle with radius 1 around 0,0, clockwise from the top. Shares are from 0 to 1. */
export function slicePath(from: number, share: number): string {
    const point = (at: number): string => {
        const angle = 2 * Math.PI * at;
        return `${Math.sin(angle).toFixed(6)} ${(-Math.cos(angle)).toFixed(6)}`;
    };
    if (share >= 0.999999) {
        return 'M0 -1A1 1 0 1 1 0 1A1 1 0 1 1 0 -1Z';
    }
    return `M0 0L${point(from)}A1 1 0 ${share > 0.5 ? 1 : 0} 1 ${point(from + share)}Z`;
}
