// Owns: what the keys of a slider do. Charts are stepped through by them.

/** The next step; null where the key is none. `last` is the number of the last one. */
export function stepByKey(key: string, step: number | null, last: number): number | null {
    const steps: Record<string, number> = {
        ArrowLeft: step === null ? last : Math.max(step - 1, 0),
        ArrowRight: step === null ? 0 : Math.min(step + 1, last),
        Home: 0,
        End: last,
    };
    return steps[key] ?? null;
}
