// What is said in place of the figures, or above them.
import type { CallError } from '../api';

export function SignInNotice({ reason }: { reason: 'missing' | 'expired' }) {
    return (
        <section class="notice" role="alert" data-state={reason}>
            <h2>{reason === 'missing' ? 'This page needs a link with a token' : 'This link has expired'}</h2>
            <p>
                {reason === 'missing'
                    ? 'Its address ends in #token=… and comes from your application, or from whoever runs helix.'
                    : 'Nothing more can be shown with its token. Open a new link: your application, or whoever runs helix, makes one.'}
            </p>
        </section>
    );
}

interface ErrorNoticeProps {
    error: CallError;
    /** When the figures below are from; null where there are none. */
    shownSince: string | null;
    onRetry: () => void;
}

export function ErrorNotice({ error, shownSince, onRetry }: ErrorNoticeProps) {
    return (
        <section class="notice" role="alert" data-state={shownSince === null ? 'error' : 'stale'}>
            <h2>{shownSince === null ? 'The figures cannot be loaded' : `The figures are those of ${shownSince}`}</h2>
            <p>
                {error.message}
                {error.code === null ? '' : ` (${error.code})`}
                {error.details === null ? '' : `: ${error.details}`}
            </p>
            {error.hint === null ? null : <p>{error.hint}</p>}
            <button type="button" onClick={onRetry}>
                Try again
            </button>
        </section>
    );
}

export function EmptyNotice({ days }: { days: number }) {
    return (
        <section class="notice" data-state="empty">
            <h2>Nothing ran in the last {days} days</h2>
            <p>Operations appear here as soon as they are recorded. Choose more days to see older ones.</p>
        </section>
    );
}

export function Skeleton() {
    return (
        <div class="skeleton" role="status" data-state="loading">
            <span class="hidden">Loading the figures</span>
            <div class="cards">
                <div class="card" />
                <div class="card" />
                <div class="card" />
                <div class="card" />
            </div>
            <div class="block" />
        </div>
    );
}
