// Owns: the user's theme on pages that only show it. The page of settings changes it.
import { useEffect } from 'preact/hooks';
import type { Client } from './client';
import { type Theme, applyTheme, rememberTheme } from './theme';

/** Asks once for the theme. Until it comes, and where it does not, what the browser remembers stays. */
export function useTheme(client: Client): void {
    useEffect(() => {
        const call = new AbortController();
        client.call('get_theme_preferences', { p_user_id: client.session.userId }, call.signal).then(
            found => {
                const theme = (Array.isArray(found) ? found[0] : found) as Theme;
                rememberTheme(theme);
                applyTheme(theme);
            },
            () => {},
        );
        return () => call.abort();
    }, [client]);
}
