// Owns: the state of the dashboard: what is loaded, how fresh it is, and what went wrong.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { CallError, type Config, loadConfig } from './api';
import { type Choice, type Dashboard, getDashboard } from './dashboard';
import { type Session, sessionOf } from './session';

export interface DashboardState {
    /** What is shown; null until the first answer. */
    dashboard: Dashboard | null;
    /** The last call's error; with a dashboard, what is shown is older than it should be. */
    error: CallError | null;
    loading: boolean;
    signIn: 'good' | 'missing' | 'expired';
}

const refreshEvery = 15_000; // ms, while somebody looks

function asCallError(error: unknown): CallError {
    return error instanceof CallError ? error : new CallError(200, `the page cannot show the answer: ${String(error)}`);
}

function isExpired(session: Session): boolean {
    return session.expiresAt !== null && session.expiresAt <= Date.now();
}

/** Loads at once, on each change of what is chosen, every few seconds, and when `reload` is called. */
export function useDashboard(token: string | null, choice: Choice): DashboardState & { reload: () => void } {
    const [session] = useState(() => sessionOf(token));
    const config = useRef<Config | null>(null);
    const running = useRef<AbortController | null>(null);
    const [state, setState] = useState<DashboardState>({
        dashboard: null,
        error: null,
        loading: session !== null,
        signIn: session === null ? 'missing' : 'good',
    });

    const load = useCallback(async () => {
        running.current?.abort();
        if (session === null) {
            return;
        }
        if (isExpired(session)) {
            setState(before => ({ ...before, loading: false, signIn: 'expired' }));
            return;
        }
        const call = new AbortController();
        running.current = call;
        setState(before => ({ ...before, loading: true }));
        try {
            config.current ??= await loadConfig(call.signal);
            const dashboard = await getDashboard(config.current, session, choice, call.signal);
            setState({ dashboard, error: null, loading: false, signIn: 'good' });
        } catch (caught) {
            if (!call.signal.aborted) {
                const error = asCallError(caught);
                setState(before => ({
                    ...before,
                    error: error.isSignInNeeded ? null : error,
                    loading: false,
                    signIn: error.isSignInNeeded ? 'expired' : 'good',
                }));
            }
        }
    }, [session, choice.days, choice.timeZone]);

    useEffect(() => {
        void load();
        return () => running.current?.abort();
    }, [load]);

    const goesOn = state.signIn === 'good' && (state.error === null || state.error.isPassing);
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
