// Prices usage by the rates of its model.
#include "core/ledger/pricing.hpp"

namespace helix {

namespace {

// Of the tier, else of the standard tier.
std::optional<FoundRate> own_rate(const RateCard& card, usage::UsageType type, const RateQuery& query) {
    const auto rate = card.find(type, query);
    return rate || query.tier == standard_tier ? rate : card.find(type, {standard_tier, query.prompt, query.at});
}

} // namespace

std::optional<FoundRate> rate_of(const RateCard& card, usage::UsageType type, const RateQuery& query) {
    for (std::optional<usage::UsageType> next = type; next; next = usage::priced_as(*next)) {
        if (const auto rate = own_rate(card, *next, query)) {
            return rate;
        }
    }
    return std::nullopt;
}

std::int64_t prompt_tokens(std::span<const Use> uses) {
    std::int64_t tokens = 0;
    for (const Use& use : uses) {
        const auto column = usage::column_of(use.type);
        const bool in_prompt = column == usage::Column::input_tokens || column == usage::Column::cached_input_tokens;
        tokens += in_prompt ? use.count : 0;
    }
    return tokens;
}

Bill price(const RateCard& card, std::span<const Use> uses, RateQuery query, std::vector<BillLine>* lines) {
    query.prompt = prompt_tokens(uses);
    const bool has_tier = card.has_tier(query.tier);
    Bill bill;
    for (const Use& use : uses) {
        if (use.count == 0) {
            continue;
        }
        const auto rate = has_tier ? rate_of(card, use.type, query) : std::nullopt;
        const Money cost = rate ? price_of(*rate->rate->price, use.count) : Money();
        bill.cost = bill.cost + cost;
        bill.complete = bill.complete && rate.has_value();
        if (lines != nullptr) {
            lines->push_back({use, rate, cost});
        }
    }
    return bill;
}

} // namespace helix
