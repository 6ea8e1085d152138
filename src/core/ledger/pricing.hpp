// Owns: how usage becomes a cost. Anyone may use it.
#pragma once

#include "core/ledger/money.hpp"
#include "core/ledger/rate_card.hpp"
#include "core/ledger/usage_types.hpp"

#include <span>
#include <vector>

namespace helix {

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

// Prices usage exactly. A part that has a rate of its own is priced at it, and is taken from its whole. Any other part
// is priced with its whole. Where a type has no rate in the tier, its standard rate counts, then that of the type which
// stands in for it. A tier without any rate has no price. `lines`: where to write the lines, each with a count above 0.
Bill price(const UsageTypes& types, const RateCard& card, std::span<const Use> uses, RateQuery query,
           std::vector<BillLine>* lines = nullptr);

// Tokens of the types that are in the prompt.
std::int64_t prompt_tokens(const UsageTypes& types, std::span<const Use> uses);

} // namespace helix
