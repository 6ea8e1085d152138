// The entry of /analytics/operations.
import { render } from 'preact';
import { Page } from './components/page';
import { takeToken } from './session';
import './style.css';

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
