// Owns: how a page begins: its theme, its token, its place.
import { type ComponentType, render } from 'preact';
import { takeToken } from './session';
import { applyRememberedTheme } from './theme';
import './style/base.css';
import './style/controls.css';
import './style/tables.css';
import './style/figures.css';
import './style/charts.css';
import './style/recommendations.css';
import './style/settings.css';

export function start(Page: ComponentType<{ token: string | null }>): void {
    applyRememberedTheme();
    const place = document.getElementById('page');
    if (place !== null) {
        place.replaceChildren();
        render(<Page token={takeToken()} />, place);
    }
    // A new link opened in the same tab changes the fragment alone.
    addEventListener('hashchange', () => {
        if (location.hash.startsWith('#token=')) {
            location.reload();
        }
    });
}
