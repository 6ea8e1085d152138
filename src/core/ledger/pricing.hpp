// Owns: how usage becomes a cost. Anyone may use it.
#pragma once

#include "core/ledger/money.hpp"
#include "core/ledger/rate_card.hpp"
#include "core/ledger/usage/usage_type.hpp"

#include <span>
#include <vector>

namespace helix {

// How much there was of one type: tokens, requests or seconds, at least 0.
struct Use {
    usage::UsageType type;
    std::int64_t count;
};

// One line of a bill: what was counted and the rate that it was priced at.
struct BillLine {
    Use use;
    std::optional<FoundRate> rate; // none: nobody has said what it costs
    Money cost;
};

struct Bill {
    Money cost;
    bool complete = true; // else there is no rate for some of the usage, and the cost lacks it
};

// Prices usage exactly. Where a type has no rate in the tier, its standard rate counts, then that of the type which
// stands in for it. A tier without any rate has no price. `lines`: where to write the lines, each with a count above 0.
// The query's prompt is made from the usage. Throws Error 22003 where the cost leaves the range of Money.
Bill price(const RateCard& card, std::span<const Use> uses, RateQuery query, std::vector<BillLine>* lines = nullptr);

// The rate that usage of `type` is priced at: as price() finds it, in a tier that has rates.
std::optional<FoundRate> rate_of(const RateCard& card, usage::UsageType type, const RateQuery& query);

// Tokens of all types that lie in the prompt: what was read and what a cache had of it.
std::int64_t prompt_tokens(std::span<const Use> uses);

} // namespace helix
