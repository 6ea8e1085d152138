// Owns: how the pages look to a user: light, dark, or as the system prefers; their accent color; compact or not. The tab's
// browser remembers it, so that a page begins with it.
import { readable } from './color';

export interface Theme {
    color_scheme: 'light' | 'dark' | 'auto';
    accent_color: string;
    compact_mode: boolean;
}

// The surfaces of style/base.css, in the light and in the dark.
const surfaces = { light: '#ffffff', dark: '#181d23' };
const remembered = 'helix.theme';

/** Fires at the document whenever colors change, whoever changed them. */
export const themeChanged = 'helix:theme';

function announce(): void {
    document.dispatchEvent(new Event(themeChanged));
}
if (typeof matchMedia === 'function') {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', announce);
}

/** Applies a theme at once. What is no theme is left out: a browser may remember anything. */
export function applyTheme(theme: Partial<Theme>): void {
    const root = document.documentElement;
    root.dataset['scheme'] =
        theme.color_scheme === 'light' || theme.color_scheme === 'dark' ? theme.color_scheme : 'auto';
    root.dataset['density'] = theme.compact_mode === true ? 'compact' : 'normal';
    if (/^#[0-9a-f]{6}$/i.test(theme.accent_color ?? '')) {
        root.style.setProperty('--accent-light', readable(theme.accent_color as string, surfaces.light));
        root.style.setProperty('--accent-dark', readable(theme.accent_color as string, surfaces.dark));
    }
    announce();
}

export function rememberTheme(theme: Theme): void {
    try {
        localStorage.setItem(remembered, JSON.stringify(theme));
    } catch {
        // storage is switched off: the next page asks the server
    }
}

export function applyRememberedTheme(): void {
    try {
        applyTheme((JSON.parse(localStorage.getItem(remembered) ?? '{}') ?? {}) as Partial<Theme>);
    } catch {
        applyTheme({});
    }
}
