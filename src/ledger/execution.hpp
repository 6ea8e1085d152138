// Owns: an execution on its way into the ledger: as the caller gave it, and as it is stored. Used within ledger/ and
// through ledger/recording.hpp. Both are plain data, so that PostgreSQL may longjmp past them.
#pragma once

#include "pg/prelude.hpp"

#include "budgets/settlement.hpp"

extern "C" {
#include "utils/date.h"
}

namespace helix::ledger {

struct ProviderUsage; // provider_usage.hpp

// What the caller gave; an absent field is null. Texts and datums belong to the caller's memory.
struct Request {
    std::optional<pg_uuid_t> user_id;
    std::optional<std::string_view> operation_id;
    std::optional<DateADT> date;
    std::optional<bool> success;
    std::optional<std::int64_t> latency_ms;
    std::optional<Datum> cost_usd; // numeric
    std::optional<std::string_view> model_used;
    std::optional<std::string_view> model;
    std::optional<std::int64_t> input_tokens;
    std::optional<std::int64_t> cached_input_tokens;
    std::optional<std::int64_t> output_tokens;
    std::optional<std::string_view> request_id;
    std::optional<TimestampTz> occurred_at;
    std::optional<std::string_view> error;
    std::optional<std::string_view> trace_id;
    std::optional<Datum> metadata; // jsonb
    std::optional<pg_uuid_t> reservation_id;
    std::optional<Datum> usage;                // jsonb: a provider's own object
    const ProviderUsage* read_usage = nullptr; // the same where it has been read already
    std::optional<std::string_view> service_tier;
    bool is_queued = false; // the queue has checked its operation_id, which may be gone by now
    budgets::Holder reservation_holder = budgets::Holder::caller;
};

// Where the cost comes from, as the ledger keeps it. What is unpriced has usage without a rate: its cost lacks that.
enum class Pricing : char { given = 'g', priced = 'p', unpriced = 'u' };

// What makes a row of the ledger the correction of an execution: costs and counts are signed differences then. Plain
// data.
struct Correction {
    std::int64_t corrects; // 0: an adjustment without an execution, which gets its own id
    std::optional<std::int32_t> revision;
    std::optional<Datum> final_cost_usd; // numeric
    std::optional<Datum> final_usage;    // jsonb
    std::optional<std::string_view> reason;
};

// A valid, priced execution, or a correction of one. Its provider and model may point into the price list: it is valid
// until operations::prices() is called again.
struct Execution {
    pg_uuid_t user_id;
    std::string_view operation_id;
    std::string_view provider;
    std::string_view model;
    DateADT date;
    bool success;
    Pricing pricing;
    std::optional<std::int32_t> latency_ms;
    Datum cost_usd; // numeric, finite, at least 0 but for corrections
    TimestampTz occurred_at;
    std::optional<std::int64_t> input_tokens;
    std::optional<std::int64_t> cached_input_tokens;
    std::optional<std::int64_t> output_tokens;
    std::optional<std::string_view> request_id;
    std::int64_t content; // of a request with an id: see request_content.hpp
    std::optional<std::string_view> error;
    std::optional<std::string_view> trace_id;
    std::optional<Datum> metadata;
    std::optional<Datum> usage;                   // jsonb: see stored_usage.hpp
    std::optional<std::string_view> service_tier; // of the price list, unless it is the standard tier
    std::optional<std::string_view> sent_model;   // where the name was another than that of the price list
    std::optional<pg_uuid_t> reservation_id;
    budgets::Holder reservation_holder;
    const Correction* correction; // null: an execution
};

// Checks everything, the caller's right to record for the user too, and prices the tokens where no cost is given.
// Throws helix::Error; the COMMENT ON record_operation_execution lists the SQLSTATEs.
Execution resolve(const Request& request, TimestampTz now);

// The parts of it that corrections need. When it occurred, and the day that it counts for.
void resolve_time(const Request& request, TimestampTz now, Execution& execution);

// Reads the usage and cost of a request that has nothing else, into a recorded execution: tokens, usage, tier,
// metadata, cost and pricing change. It is priced at its own time and model.
void resolve_use(const Request& request, Execution& execution);

} // namespace helix::ledger
