// Prices usage by the rates of its model.
#include "core/ledger/pricing.hpp"

#include <algorithm>

namespace helix {

namespace {

class Biller {
  public:
    Biller(const UsageTypes& types, const RateCard& card, std::span<const Use> uses, const RateQuery& query)
        : types_(types), card_(card), uses_(uses), query_(query), has_tier_(card.has_tier(query.tier)) {}

    BillLine line_of(const Use& use) const {
        const auto rate = rate_of(use.type);
        const std::int64_t count = use.count - count_of_priced_parts(use.type);
        return {{use.type, count}, rate, rate ? price_of(*rate->rate->price, count) : Money()};
    }

    bool is_priced_with_its_whole(const Use& use) const { return types_[use.type].part_of && !own_rate(use.type); }

  private:
    std::optional<FoundRate> in_tier(UsageTypeId type, std::string_view tier) const {
        return card_.find(type, {tier, query_.prompt, query_.at});
    }

    // Of the tier, else of the standard tier.
    std::optional<FoundRate> own_rate(UsageTypeId type) const {
        if (!has_tier_) {
            return std::nullopt;
        }
        const auto rate = in_tier(type, query_.tier);
        return rate || query_.tier == standard_tier ? rate : in_tier(type, standard_tier);
    }

    // Its own, else that of the type which stands in for it.
    std::optional<FoundRate> rate_of(UsageTypeId type) const {
        std::optional<UsageTypeId> next = type;
        for (std::size_t steps = 0; next && steps <= types_.size(); ++steps) { // whatever the table says, it ends
            if (const auto rate = own_rate(*next)) {
                return rate;
            }
            next = types_[*next].priced_as;
        }
        return std::nullopt;
    }

    std::int64_t count_of_priced_parts(UsageTypeId whole) const {
        std::int64_t count = 0;
        for (const Use& use : uses_) {
            if (types_[use.type].part_of == whole && own_rate(use.type)) {
                count += use.count;
            }
        }
        return count;
    }

    const UsageTypes& types_;
    const RateCard& card_;
    std::span<const Use> uses_;
    RateQuery query_;
    bool has_tier_;
};

} // namespace

std::int64_t prompt_tokens(const UsageTypes& types, std::span<const Use> uses) {
    std::int64_t tokens = 0;
    for (const Use& use : uses) {
        tokens += types[use.type].in_prompt ? use.count : 0;
    }
    return tokens;
}

Bill price(const UsageTypes& types, const RateCard& card, std::span<const Use> uses, RateQuery query,
           std::vector<BillLine>* lines) {
    query.prompt = prompt_tokens(types, uses);
    const Biller biller(types, card, uses, query);
    Bill bill;
    for (const Use& use : uses) {
        if (use.count == 0 || biller.is_priced_with_its_whole(use)) {
            continue;
        }
        const BillLine line = biller.line_of(use);
        bill.cost = bill.cost + line.cost;
        bill.complete = bill.complete && (line.rate || line.use.count == 0);
        if (lines != nullptr && line.use.count != 0) {
            lines->push_back(line);
        }
    }
    return bill;
}

} // namespace helix
