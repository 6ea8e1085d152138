// Owns: what helix recommends to a user, and what they do with it.
import type { Client } from './client';

export interface Recommendation {
    id: string;
    title: string;
    description: string;
    recommendation_type: 'cost' | 'performance' | 'usage' | 'model_selection';
    operation_id: string | null;
    /** USD, as api.ts keeps amounts. */
    estimated_savings_usd: string | null;
    estimated_savings_percent: number | null;
    estimated_latency_improvement_percent: number | null;
    estimated_implementation_effort: 'trivial' | 'easy' | 'moderate' | 'difficult' | null;
    priority: number;
}

export type Decision = 'dismiss' | 'implement';

/** The active ones, the most important first. */
export async function getRecommendations(client: Client, signal: AbortSignal): Promise<Recommendation[]> {
    const args = { p_user_id: client.session.userId, p_limit: 10 };
    const found = await client.call('get_recommendations', args, signal);
    return Array.isArray(found) ? (found as Recommendation[]) : [];
}

export async function decide(client: Client, id: string, decision: Decision, signal: AbortSignal): Promise<void> {
    await client.call(`${decision}_recommendation`, { p_id: id }, signal);
}
