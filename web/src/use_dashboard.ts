// Owns: the state of the dashboard: what is loaded, how fresh it is, and what went wrong.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type CallError, asCallError } from './api';
import { type Choice, choiceAddress } from './choice';
import type { Client } from './client';
import { type Dashboard, getDashboard } from './dashboard';

export interface DashboardState {
    /** What is shown; null until the first answer. */
    dashboard: Dashboard | null;
    /** The choice that it answers. */
    answers: string | null;
    /** The last call's error; with a dashboard, what is shown is older than it should be. */
    error: CallError | null;
    loading: boolean;
    isExpired: boolean;
}

const refreshEvery = 15_000; // ms, while somebody looks

/** Loads at once, on each change of what is chosen, every few seconds, and when `reload` is called. */
export function useDashboard(client: Client, choice: Choice): DashboardState & { reload: () => void } {
    const running = useRef<AbortController | null>(null);
    const [state, setState] = useState<DashboardState>({
        dashboard: null,
        answers: null,
        error: null,
        loading: true,
        isExpired: false,
    });
    const address = choiceAddress(choice);

    const load = useCallback(async () => {
        running.current?.abort();
        const call = new AbortController();
        running.current = call;
        setState(before => ({ ...before, loading: true }));
        try {
            const dashboard = await getDashboard(client, choice, call.signal);
            setState({ dashboard, answers: address, error: null, loading: false, isExpired: false });
        } catch (caught) {
            if (!call.signal.aborted) {
                const error = asCallError(caught);
                setState(before => ({
                    ...before,
                    error: error.isSignInNeeded ? null : error,
                    loading: false,
                    isExpired: error.isSignInNeeded,
                }));
            }
        }
    }, [client, address]);

    useEffect(() => {
        void load();
        return () => running.current?.abort();
    }, [load]);

    const goesOn = !state.isExpired && (state.error === null || state.error.isPassing);
    useEffect(() => {
        if (!goesOn) {
            return;
        }
        const refresh = (): void => {
            if (document.visibilityState === 'visible') {
                void load();
            }
        };
        const timer = setInterval(refresh, refreshEvery);
        document.addEventListener('visibilitychange', refresh);
        return () => {
            clearInterval(timer);
            document.removeEventListener('visibilitychange', refresh);
        };
    }, [load, goesOn]);

    return { ...state, reload: () => void load() };
}
