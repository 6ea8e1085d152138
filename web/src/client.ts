// Owns: the calls of a page, as the user who is signed in. Components and hooks call the server by it alone.
import { CallError, type Config, loadConfig, rpc } from './api';
import type { Session } from './session';

export class Client {
    #config: Config | null = null;

    constructor(readonly session: Session) {}

    /** A function of helix with these arguments. A token that has expired is not sent: 401. */
    call(name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
        return this.callJson(name, JSON.stringify(args), signal);
    }

    /** The same with JSON that is written already: JavaScript's numbers cannot hold each amount. */
    async callJson(name: string, args: string, signal: AbortSignal): Promise<unknown> {
        const { token, expiresAt } = this.session;
        if (expiresAt !== null && expiresAt <= Date.now()) {
            throw new CallError(401, 'the token has expired');
        }
        this.#config ??= await loadConfig(signal);
        return rpc(this.#config, token, name, args, signal);
    }
}
