// Owns: how numbers, dates and times are written on the pages. Amounts of money are in decimal.ts.
import { cutDecimal } from './decimal';

const numbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const shortDays = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const longDays = new Intl.DateTimeFormat('en-US', { dateStyle: 'full', timeZone: 'UTC' });

export const none = '–'; // where there is nothing to say a figure of

export const count = (value: number): string => numbers.format(value);

export const milliseconds = (value: number | null): string => (value === null ? none : `${numbers.format(value)} ms`);

/** A rate with two decimals, the rest cut off: 100 % means that none failed. */
export const percent = (rate: number | null): string => (rate === null ? none : `${cutDecimal(rate.toFixed(12), 2)} %`);

/** A date as 2026-11-27, whatever zone the browser is in. */
const dateOf = (date: string): Date => new Date(`${date}T00:00:00Z`);

export const shortDay = (date: string): string => shortDays.format(dateOf(date));

export const longDay = (date: string): string => longDays.format(dateOf(date));

/** The time of day at an instant, by the clock of a zone; by UTC where the browser does not know the zone. */
export function clockTime(instant: string, timeZone: string): string {
    const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    try {
        return `${new Intl.DateTimeFormat('en-US', { ...options, timeZone }).format(new Date(instant))} ${timeZone}`;
    } catch {
        return `${new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(new Date(instant))} UTC`;
    }
}

/** «good» from 95 %, «fair» from 90 %, else «poor». */
export function rateClass(rate: number | null): string {
    return rate === null ? '' : rate >= 95 ? 'good' : rate >= 90 ? 'fair' : 'poor';
}
