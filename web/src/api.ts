// Owns: calls of helix's functions over HTTP: by helix-edge, PostgREST or Supabase, as config.json says.

export interface Config {
    /** Where the API is; empty: where the page comes from. */
    url: string;
    /** The anonymous key, for a gateway that wants one; else empty. */
    key: string;
}

/** An answer that is no result. `status` is 0 where there was no answer at all. */
export class CallError extends Error {
    constructor(
        readonly status: number,
        message: string,
        readonly code: string | null = null,
        readonly details: string | null = null,
        readonly hint: string | null = null,
    ) {
        super(message);
    }

    /** Whether the server has no function of this name with these arguments. */
    get isFunctionMissing(): boolean {
        return this.status === 404;
    }

    get isSignInNeeded(): boolean {
        return this.status === 401;
    }

    /** Whether the same call may succeed a little later. */
    get isPassing(): boolean {
        return this.status === 0 || this.status === 429 || this.status >= 500;
    }
}

const longest = 30_000; // ms that an answer may take

function textOf(value: unknown): string | null {
    return typeof value === 'string' && value !== '' ? value : null;
}

/** JSON whose amounts stay text, as they are written: a number of JavaScript would round them. */
function parsed(text: string): unknown {
    const keep = (key: string, value: unknown, context?: { source?: string }): unknown =>
        typeof value === 'number' && key.endsWith('_usd') ? (context?.source ?? String(value)) : value;
    try {
        return JSON.parse(text, keep) as unknown;
    } catch {
        return null;
    }
}

async function fetchJson(address: string, request: RequestInit, signal: AbortSignal): Promise<unknown> {
    let response: Response;
    try {
        response = await fetch(address, {
            ...request,
            signal: AbortSignal.any([signal, AbortSignal.timeout(longest)]),
        });
    } catch (error) {
        signal.throwIfAborted();
        throw new CallError(
            0,
            error instanceof DOMException ? 'the server takes too long' : 'the server cannot be reached',
        );
    }
    const body = await response.text().then(parsed, () => null);
    if (!response.ok) {
        const { message, code, details, hint } = (body ?? {}) as Record<string, unknown>;
        const said = textOf(message) ?? `the server answers with status ${response.status}`;
        throw new CallError(response.status, said, textOf(code), textOf(details), textOf(hint));
    }
    return body;
}

export function asCallError(error: unknown): CallError {
    return error instanceof CallError ? error : new CallError(200, `the page cannot show the answer: ${String(error)}`);
}

export async function loadConfig(signal: AbortSignal): Promise<Config> {
    const found = (await fetchJson('/config.json', {}, signal)) as Partial<Config> | null;
    return { url: (found?.url ?? '').replace(/\/+$/, ''), key: found?.key ?? '' };
}

/** Calls a function of the schema helix; `args` is a JSON object of its named arguments. */
export function rpc(config: Config, token: string, name: string, args: string, signal: AbortSignal): Promise<unknown> {
    const headers: Record<string, string> = {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        'Content-Profile': 'helix',
        Accept: 'application/json',
    };
    if (config.key !== '') {
        headers['apikey'] = config.key;
    }
    const request = { method: 'POST', headers, body: args, cache: 'no-store' } as const;
    return fetchJson(`${config.url}/rest/v1/rpc/${name}`, request, signal);
}
