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

/** What the server says is wrong, with its hint. */
export function ErrorText({ error }: { error: CallError }) {
    return (
        <>
            <p>
                {error.message}
                {error.code === null ? '' : ` (${error.code})`}
                {error.details === null ? '' : `: ${error.details}`}
            </p>
            {error.hint === null ? null : <p>{error.hint}</p>}
        </>
    );
}

interface ErrorNoticeProps {
    /** What cannot be loaded, such as «The figures». */
    what: string;
    error: CallError;
    /** When what stands below is from; null where there is nothing. */
    shownSince: string | null;
    onRetry: () => void;
}

export function ErrorNotice({ what, error, shownSince, onRetry }: ErrorNoticeProps) {
    return (
        <section class="notice" role="alert" data-state={shownSince === null ? 'error' : 'stale'}>
            <h2>{shownSince === null ? `${what} cannot be loaded` : `${what} are those of ${shownSince}`}</h2>
            <ErrorText error={error} />
            <button type="button" onClick={onRetry}>
                Try again
            </button>
        </section>
    );
}

interface EmptyNoticeProps {
    days: number;
    /** Takes the filter away; null where there is none. */
    onClear: (() => void) | null;
}

export function EmptyNotice({ days, onClear }: EmptyNoticeProps) {
    return (
        <section class="notice" data-state="empty">
            <h2>
                Nothing {onClear === null ? '' : 'of this '}ran in the last {days} days
            </h2>
            <p>
                {onClear === null
                    ? 'Operations appear here as soon as they are recorded. Choose more days to see older ones.'
                    : 'Choose more days, or look at everything.'}
            </p>
            {onClear === null ? null : (
                <button type="button" onClick={onClear}>
                    Remove the filter
                </button>
            )}
        </section>
    );
}

export function Skeleton({ what }: { what: string }) {
    return (
        <div class="skeleton" role="status" data-state="loading">
            <span class="hidden">Loading {what}</span>
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
