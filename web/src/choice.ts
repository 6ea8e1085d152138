// Owns: what is chosen on the page. The address holds it, so that a view can be linked and survives a reload.
import type { Choice } from './dashboard';

export const ranges = [7, 30, 90] as const;

/** The zone of the browser, which PostgreSQL may not know by this name: then its error says so, and UTC can be chosen. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export function zones(chosen: string): string[] {
    return [...new Set(['UTC', ownZone(), chosen, ...Intl.supportedValuesOf('timeZone')])];
}

export function readChoice(search: string): Choice {
    const given = new URLSearchParams(search);
    const days = Number(given.get('days'));
    return { days: ranges.find(range => range === days) ?? 30, timeZone: given.get('zone') || 'UTC' };
}

export function choiceAddress({ days, timeZone }: Choice): string {
    return `?${new URLSearchParams({ days: String(days), zone: timeZone })}`;
}
