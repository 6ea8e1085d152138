// What became of a change, beside what was changed.
import type { Saving } from '../use_settings';
import { ErrorText } from './notices';

export function Saved({ field, savings }: { field: string; savings: ReadonlyMap<string, Saving> }) {
    const saving = savings.get(field);
    if (saving === undefined) {
        return null;
    }
    if (saving.error === null) {
        return (
            <span class="saved" role="status" data-saved={field} data-state={saving.state}>
                {saving.state === 'saved' ? 'Saved' : 'Saving…'}
            </span>
        );
    }
    return (
        <div class="refused" role="alert" data-saved={field} data-state="refused">
            <ErrorText error={saving.error} />
        </div>
    );
}
