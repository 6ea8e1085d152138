// Owns: who is signed in here: the token of the address' fragment, and what it says of itself. The server alone verifies it.

export interface Session {
    token: string;
    userId: string;
    /** Milliseconds since 1970; null where the token never expires. */
    expiresAt: number | null;
}

const stored = 'helix.token';

// Storage may be switched off: then the token lives as long as the page.
function store(token: string): void {
    try {
        sessionStorage.setItem(stored, token);
    } catch {
        // kept in memory alone
    }
}

function storedToken(): string | null {
    try {
        return sessionStorage.getItem(stored);
    } catch {
        return null;
    }
}

/** The token of `#token=…`, else that of this tab. The address loses it, so that it gets into no history and no screenshot. */
export function takeToken(): string | null {
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (token === null) {
        return storedToken();
    }
    history.replaceState(history.state, '', location.pathname + location.search);
    store(token);
    return token;
}

function claims(token: string): Record<string, unknown> | null {
    const payload = token.split('.')[1] ?? '';
    try {
        const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
        const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
        return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
    } catch {
        return null;
    }
}

/** Null for what is no token, and for one that names no user. */
export function sessionOf(token: string | null): Session | null {
    const found = token === null ? null : claims(token);
    if (token === null || typeof found?.sub !== 'string') {
        return null;
    }
    return { token, userId: found.sub, expiresAt: typeof found.exp === 'number' ? found.exp * 1000 : null };
}
