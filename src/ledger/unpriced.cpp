// Prices executions that had no price when they were recorded.
#include "pg/prelude.hpp"

#include "ledger/unpriced.hpp"

#include "ledger/correction_locks.hpp"
#include "ledger/price_changes.hpp"
#include "operations/prices.hpp"
#include "pg/subtransaction.hpp"

namespace helix::ledger {

namespace {

constexpr int most_at_once = 5000;
// An open finalization ends the pass. While this waits, others have to.
constexpr const char* wait_for_finalizations = "10ms";
// A recording may use a price list that has just been replaced, so the task looks again now and then.
constexpr std::int64_t look_again_us = 10 * USECS_PER_MINUTE;

// Where some usage still has no rate, it waits: else a pass would find it again and again. $4: how many at most.
const std::string price_text = price_change_statement(R"(
        SELECT s.partition, s.place, s.cost_usd AS old_cost, p.cost_usd AS new_cost,
               'p'::"char" AS new_pricing
          FROM helix_internal.standing_usage s
         CROSS JOIN LATERAL helix_internal.price_of(s.provider, s.model, s.occurred_at, s.input_tokens,
                                                    s.cached_input_tokens, s.output_tokens, s.usage, s.service_tier) p
         WHERE s.pricing = 'u' AND p.complete
         LIMIT $4)");
pg::Statement price_statement(price_text.c_str(), {INT8OID, INT8ARRAYOID, INT8OID, INT4OID});

// How many were priced; none where another holds the watermark, or finalizes an execution.
std::optional<std::int64_t> price_some() {
    if (!pg::try_for_lock(wait_for_finalizations, [] { lock_out_finalizations(); })) {
        return std::nullopt;
    }
    const auto watermark = lock_watermark(IfLocked::skip);
    if (!watermark) {
        return std::nullopt;
    }
    pg::Values values;
    add_watermark(*watermark, values);
    values.add(Int32GetDatum(most_at_once));
    return change_prices(price_statement, values).executions;
}

} // namespace

bool unpriced_task() {
    static std::uint64_t priced_by = 0;
    static TimestampTz looked_at = 0;
    const std::uint64_t prices = operations::prices_version();
    const TimestampTz now = GetCurrentTimestamp();
    if (prices == priced_by && now < looked_at + look_again_us) {
        return false;
    }
    pg::OwnerSpi spi;
    const auto priced = watermark_is_ours() ? price_some() : 0;
    spi.finish();
    if (priced && *priced < most_at_once) {
        priced_by = prices;
        looked_at = now;
    }
    return priced == most_at_once;
}

} // namespace helix::ledger
