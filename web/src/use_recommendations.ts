// Owns: the list of recommendations on the page. A decision takes one off the list at once; an error puts it back.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { type CallError, asCallError } from './api';
import type { Client } from './client';
import { type Decision, type Recommendation, decide, getRecommendations } from './recommendations';

interface State {
    /** Null until the first answer, and where the server has no recommendations. */
    found: Recommendation[] | null;
    /** Those that were decided on, as long as no error has put them back. */
    decided: ReadonlySet<string>;
    /** What went wrong with a decision, by the id of its recommendation. */
    refused: ReadonlyMap<string, CallError>;
    /** Why the list cannot be loaded. */
    error: CallError | null;
}

export interface Recommendations {
    shown: Recommendation[] | null;
    refused: ReadonlyMap<string, CallError>;
    error: CallError | null;
    decide: (id: string, decision: Decision) => void;
    reload: () => void;
}

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Map<Key, Value> {
    const copy = new Map(map);
    copy.delete(key);
    return copy;
}

export function useRecommendations(client: Client): Recommendations {
    const [state, setState] = useState<State>({ found: null, decided: new Set(), refused: new Map(), error: null });

    const load = useCallback(
        async (signal: AbortSignal) => {
            try {
                const found = await getRecommendations(client, signal);
                setState(before => ({ ...before, found, error: null }));
            } catch (caught) {
                const error = asCallError(caught);
                if (!signal.aborted && !error.isFunctionMissing && !error.isSignInNeeded) {
                    setState(before => ({ ...before, error }));
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

    const act = async (id: string, decision: Decision): Promise<void> => {
        setState(before => ({
            ...before,
            decided: new Set([...before.decided, id]),
            refused: without(before.refused, id),
        }));
        try {
            await decide(client, id, decision, new AbortController().signal);
        } catch (caught) {
            setState(before => ({
                ...before,
                decided: new Set([...before.decided].filter(one => one !== id)),
                refused: new Map([...before.refused, [id, asCallError(caught)]]),
            }));
        }
    };

    return {
        shown: state.found?.filter(one => !state.decided.has(one.id)) ?? null,
        refused: state.refused,
        error: state.error,
        decide: (id, decision) => void act(id, decision),
        reload: () => void load(new AbortController().signal),
    };
}
