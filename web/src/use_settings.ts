// Owns: the settings on the page. A change is shown at once and saved; an error undoes it and stays beside it.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type CallError, asCallError } from './api';
import type { Client } from './client';
import { type Change, type Settings, getSettings } from './settings';

export interface Saving {
    state: 'saving' | 'saved' | 'refused';
    error: CallError | null;
}

interface State {
    /** What the server has; null until the first answer. */
    stored: Settings | null;
    /** What is not saved yet, in its order. */
    pending: Change[];
    savings: ReadonlyMap<string, Saving>;
    /** Why the settings cannot be loaded. */
    error: CallError | null;
    isExpired: boolean;
}

export interface SettingsState {
    /** As they are to be seen: what is stored, and on top what is being saved. */
    shown: Settings | null;
    savings: ReadonlyMap<string, Saving>;
    error: CallError | null;
    isExpired: boolean;
    change: (change: Change) => void;
    reload: () => void;
}

export function useSettings(client: Client): SettingsState {
    const [state, setState] = useState<State>({
        stored: null,
        pending: [],
        savings: new Map(),
        error: null,
        isExpired: false,
    });
    /** Changes are saved one after the other, so that the last one wins. */
    const queue = useRef<Promise<void>>(Promise.resolve());
    const waiting = useRef(0);

    const load = useCallback(
        async (signal: AbortSignal) => {
            try {
                const stored = await getSettings(client, signal);
                // What was changed meanwhile is loaded again once it is saved.
                setState(before => (before.pending.length > 0 ? before : { ...before, stored, error: null }));
            } catch (caught) {
                const error = asCallError(caught);
                if (!signal.aborted) {
                    setState(before => ({ ...before, error: before.stored === null ? error : before.error }));
                    setState(before => ({ ...before, isExpired: before.isExpired || error.isSignInNeeded }));
                }
            }
        },
        [client],
    );
    useEffect(() => {
        const call = new AbortController();
        void load(call.signal);
        return () => call.abort();
    }, [load]);

    const note = (before: State, field: string, saving: Saving): State['savings'] =>
        new Map([...before.savings, [field, saving]]);

    const save = async (change: Change): Promise<void> => {
        const { signal } = new AbortController();
        try {
            await change.save(client, signal);
            setState(before => ({
                ...before,
                stored: before.stored === null ? null : change.apply(before.stored),
                pending: before.pending.filter(one => one !== change),
                savings: note(before, change.field, { state: 'saved', error: null }),
            }));
        } catch (caught) {
            const error = asCallError(caught);
            setState(before => ({
                ...before,
                pending: before.pending.filter(one => one !== change),
                savings: note(before, change.field, { state: 'refused', error }),
                isExpired: before.isExpired || error.isSignInNeeded,
            }));
        }
        waiting.current -= 1;
        if (waiting.current === 0) {
            await load(signal); // what has been spent of a new budget, and what others changed
        }
    };

    const change = (made: Change): void => {
        waiting.current += 1;
        setState(before => ({
            ...before,
            pending: [...before.pending, made],
            savings: note(before, made.field, { state: 'saving', error: null }),
        }));
        queue.current = queue.current.then(() => save(made));
    };

    const shown = state.stored === null ? null : state.pending.reduce((on, one) => one.apply(on), state.stored);
    return {
        shown,
        savings: state.savings,
        error: state.error,
        isExpired: state.isExpired,
        change,
        reload: () => void load(new AbortController().signal),
    };
}
