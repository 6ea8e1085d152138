// Owns: the columns of helix_internal.executions, in the order of its definition. Used within ledger/ only.
#pragma once

namespace helix::ledger {

enum Column : int {
    id,
    xid,
    recorded_at,
    occurred_at,
    input_tokens,
    cached_input_tokens,
    output_tokens,
    date,
    latency_ms,
    success,
    pricing,
    user_id,
    operation_id,
    provider,
    model,
    cost_usd,
    request_id,
    trace_id,
    error,
    metadata,
    usage,
    service_tier,
    sent_model,
    corrects,
    revision,
    final_cost_usd,
    final_usage,
    reason
};

} // namespace helix::ledger
