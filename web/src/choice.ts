// Owns: what is chosen on the page. The address holds it, so that a view can be linked and survives a reload.

/** Null: all. */
export interface Filter {
    operation: string | null;
    provider: string | null;
    model: string | null;
    /** A key of the metadata that helix.dimensions names, and one of its values. */
    dimension: string | null;
    value: string | null;
}

export interface Choice {
    days: number;
    timeZone: string;
    filter: Filter;
}

export const ranges = [7, 30, 90] as const;

export const noFilter: Filter = { operation: null, provider: null, model: null, dimension: null, value: null };

const filterNames = Object.keys(noFilter) as (keyof Filter)[];

/** The zone of the browser, which PostgreSQL may not know by this name: then its error says so, and UTC can be chosen. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export function zones(chosen: string): string[] {
    return [...new Set(['UTC', ownZone(), chosen, ...Intl.supportedValuesOf('timeZone')])];
}

export function readChoice(search: string): Choice {
    const given = new URLSearchParams(search);
    const days = Number(given.get('days'));
    const filter = { ...noFilter };
    for (const name of filterNames) {
        filter[name] = given.get(name) || null;
    }
    return { days: ranges.find(range => range === days) ?? 30, timeZone: given.get('zone') || 'UTC', filter };
}

export function choiceAddress({ days, timeZone, filter }: Choice): string {
    const said = new URLSearchParams({ days: String(days), zone: timeZone });
    for (const name of filterNames) {
        const value = filter[name];
        if (value !== null) {
            said.set(name, value);
        }
    }
    return `?${said}`;
}

/** A filter with one part changed. Dimensions have sums by day alone, so that a value of one excludes the other parts. */
export function changedFilter(filter: Filter, name: keyof Filter, value: string | null): Filter {
    if (name === 'dimension') {
        return { ...filter, dimension: value, value: null };
    }
    if (name === 'value') {
        return value === null ? { ...filter, value } : { ...noFilter, dimension: filter.dimension, value };
    }
    return { ...filter, value: null, [name]: value };
}

export const isFiltered = ({ operation, provider, model, value }: Filter): boolean =>
    [operation, provider, model, value].some(part => part !== null);
