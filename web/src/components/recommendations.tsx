// What could be cheaper, faster or safer, each with its figures and what to do with it.
import type { Client } from '../client';
import { exactUsd, usd } from '../decimal';
import { type Recommendation } from '../recommendations';
import { useRecommendations } from '../use_recommendations';
import { CsvButton } from './csv_button';
import { ErrorNotice, ErrorText } from './notices';
import { Section } from './section';

const columns = [
    'title',
    'description',
    'recommendation_type',
    'operation_id',
    'estimated_savings_usd',
    'estimated_savings_percent',
    'estimated_latency_improvement_percent',
    'estimated_implementation_effort',
    'priority',
] as const;

/** A gain below 0 is a loss. */
function latency(percent: number): string {
    return `${Math.abs(percent)} % ${percent < 0 ? 'slower' : 'faster'}`;
}

function Gains({ one }: { one: Recommendation }) {
    const savings = one.estimated_savings_usd;
    return (
        <ul class="gains">
            {savings === null ? null : (
                <li data-gain="savings_usd" title={exactUsd(savings)}>
                    saves {usd(savings)}
                </li>
            )}
            {one.estimated_savings_percent === null ? null : (
                <li data-gain="savings_percent">{one.estimated_savings_percent} % cheaper</li>
            )}
            {one.estimated_latency_improvement_percent === null ? null : (
                <li data-gain="latency">{latency(one.estimated_latency_improvement_percent)}</li>
            )}
            {one.estimated_implementation_effort === null ? null : (
                <li data-gain="effort">effort: {one.estimated_implementation_effort}</li>
            )}
        </ul>
    );
}

export function RecommendationList({ client }: { client: Client }) {
    const { shown, refused, error, decide, reload } = useRecommendations(client);
    if (error !== null && shown === null) {
        return <ErrorNotice what="Recommendations" error={error} shownSince={null} onRetry={reload} />;
    }
    if (shown === null) {
        return null;
    }
    const rows = shown.map(one => columns.map(column => one[column]));
    return (
        <Section
            id="recommendations"
            title="Recommendations"
            actions={
                shown.length === 0 ? null : <CsvButton name="recommendations" heading={[...columns]} rows={rows} />
            }
        >
            {shown.length === 0 ? <p class="note">There is nothing to recommend now.</p> : null}
            <ul class="recommendations">
                {shown.map(one => (
                    <li key={one.id} data-recommendation={one.id}>
                        <h3>{one.title}</h3>
                        <p>{one.description}</p>
                        <Gains one={one} />
                        {refused.has(one.id) ? (
                            <div class="refused" role="alert">
                                <ErrorText error={refused.get(one.id)!} />
                            </div>
                        ) : null}
                        <div class="actions">
                            <button
                                type="button"
                                aria-label={`Implement: ${one.title}`}
                                onClick={() => decide(one.id, 'implement')}
                            >
                                Implement
                            </button>
                            <button
                                type="button"
                                class="quiet"
                                aria-label={`Dismiss: ${one.title}`}
                                onClick={() => decide(one.id, 'dismiss')}
                            >
                                Dismiss
                            </button>
                        </div>
                    </li>
                ))}
            </ul>
        </Section>
    );
}
