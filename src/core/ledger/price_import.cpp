// Compares a list of prices with ours, model by model.
#include "core/ledger/price_import.hpp"

#include "core/ledger/pricing.hpp"

#include <algorithm>
#include <tuple>

namespace helix {

namespace {

using usage::UsageType;

constexpr UsageType plain_types[] = {UsageType::input, UsageType::cached_input, UsageType::output};

std::string hours_key(const RateScope& scope) {
    return scope.hours.all() ? std::string() : scope.hours.to_string();
}

// Types come in the order in which one stands in for the next.
bool is_before(const RateScope& one, const RateScope& other) {
    return std::make_tuple(one.tier != standard_tier, one.tier, one.above, hours_key(one), one.type) <
           std::make_tuple(other.tier != standard_tier, other.tier, other.above, hours_key(other), other.type);
}

bool is_price_before(const ListedPrice& one, const ListedPrice& other) {
    const auto names = [](const ListedPrice& p) { return std::tie(p.provider, p.model); };
    if (names(one) != names(other)) {
        return names(one) < names(other);
    }
    if (one.valid_from != other.valid_from) {
        return one.valid_from < other.valid_from;
    }
    if (one.scope != other.scope) {
        return is_before(one.scope, other.scope);
    }
    return one.rank < other.rank;
}

// The rate without a row for it: that of what stands in for it, in the same tier and band.
std::optional<PicoUsd> price_without_row(const RateCard& card, const RateScope& scope, std::int64_t at) {
    if (!scope.hours.all()) {
        return std::nullopt;
    }
    const auto found = rate_of(card, scope.type, {scope.tier, scope.above + 1, at});
    const bool is_there = found && found->scope->tier == scope.tier && found->scope->above == scope.above;
    return is_there ? found->rate->price : std::nullopt;
}

std::optional<PicoUsd> price_in(const RateCard& card, const RateScope& scope, std::int64_t at) {
    const auto own = card.price_of(scope, at);
    return own ? own : price_without_row(card, scope, at);
}

// The prices of one model, which are in order, each against what holds once those before it do.
class ModelImport {
  public:
    ModelImport(const RateCard* card, PriceListing& listing, PriceImport& result)
        : card_(card == nullptr ? RateCard() : *card), listing_(listing), result_(result) {}

    void add(std::span<ListedPrice> prices) {
        for (auto first = prices.begin(); first != prices.end();) {
            const auto end = std::find_if(first, prices.end(),
                                          [&](const auto& price) { return price.valid_from != first->valid_from; });
            add_those_of(*first->valid_from, {first, end});
            first = end;
        }
    }

  private:
    void add_those_of(std::int64_t at, std::span<ListedPrice> prices) {
        const std::size_t before = result_.changes.size();
        const bool any_plain = add_plain(at, prices);
        const ListedPrice* last = nullptr;
        for (const ListedPrice& price : prices) {
            if (last != nullptr && last->scope == price.scope) {
                tell_double(*last, price);
                continue;
            }
            last = &price;
            if (!is_plain(price.scope)) {
                compare_one(at, price);
            }
        }
        if (any_plain && std::any_of(result_.changes.begin() + static_cast<std::ptrdiff_t>(before),
                                     result_.changes.end(), [](const auto& c) { return is_plain(c.to.scope); })) {
            add_plain_row(at, prices.front());
        }
    }

    // A row of helix.model_prices has all three: what the list doesn't say stays as it is. Else what a cache had costs
    // as much as other input, and output nothing: the model writes no text.
    bool add_plain(std::int64_t at, std::span<ListedPrice> prices) {
        const auto listed = [&](UsageType type) {
            return std::find_if(prices.begin(), prices.end(),
                                [type](const auto& p) { return is_plain(p.scope) && p.scope.type == type; });
        };
        const bool any = std::any_of(prices.begin(), prices.end(), [](const auto& p) { return is_plain(p.scope); });
        for (const UsageType type : plain_types) {
            const auto found = listed(type);
            ListedPrice price{prices.front().provider, prices.front().model, {.type = type}, {}, {}};
            if (found != prices.end()) {
                price.price = found->price;
            } else if (!any || card_.price_of(price.scope, at)) {
                continue;
            } else {
                price.price = type == UsageType::cached_input
                                  ? card_.price_of({.type = UsageType::input}, at).value_or(0)
                                  : PicoUsd{0};
            }
            compare_one(at, price);
        }
        return any;
    }

    void compare_one(std::int64_t at, const ListedPrice& price) {
        const auto own = card_.price_of(price.scope, at);
        const bool same = own == price.price || (!own && !is_plain(price.scope) && price.price &&
                                                 price_without_row(card_, price.scope, at) == price.price);
        if (!same) {
            result_.changes.push_back({price, at, own});
            card_.add(price.scope, {at, price.price});
        }
    }

    void add_plain_row(std::int64_t at, const ListedPrice& of) {
        const auto now = [&](UsageType type) { return card_.price_of({.type = type}, at).value_or(0); };
        result_.plain.push_back(
            {of.provider, of.model, at, {now(UsageType::input), now(UsageType::cached_input), now(UsageType::output)}});
    }

    void tell_double(const ListedPrice& first, const ListedPrice& second) {
        if (first.price == second.price) {
            return;
        }
        const auto usd = [](const ListedPrice& p) { return p.price ? usd_per_million(*p.price) : std::string("none"); };
        ListedTrouble trouble{second.provider, second.model,
                              std::string(usage::name_of(second.scope.type)) + ", tier " + second.scope.tier +
                                  ": the list has two prices, " + usd(first) + " and " + usd(second) + "."};
        if (second.rank == 0) {
            listing_.refused.push_back(std::move(trouble));
        } else {
            trouble.reason += " The first counts.";
            listing_.skipped.push_back(std::move(trouble));
        }
    }

    RateCard card_;
    PriceListing& listing_;
    PriceImport& result_;
};

// Whether an alias names all of it already.
bool is_known(const RateCard* alias, std::span<const ListedPrice> prices, std::int64_t now) {
    return alias != nullptr && std::all_of(prices.begin(), prices.end(), [&](const ListedPrice& price) {
               return price_in(*alias, price.scope, price.valid_from == always ? now : *price.valid_from) ==
                      price.price;
           });
}

void set_times(std::span<ListedPrice> listed, const PriceList& prices, const ImportTimes& times) {
    for (auto& price : listed) {
        if (!price.valid_from) {
            const bool has_rates = prices.find(price.provider, price.model) != nullptr;
            price.valid_from = times.valid_from.value_or(has_rates ? times.now : always);
        }
    }
}

} // namespace

PriceImport compare(PriceListing& listing, const PriceList& prices, const ImportTimes& times,
                    const FindAlias& find_alias) {
    PriceImport result;
    auto& listed = listing.prices;
    set_times(listed, prices, times);
    std::stable_sort(listed.begin(), listed.end(), is_price_before);
    for (auto first = listed.begin(); first != listed.end();) {
        const auto end = std::find_if(first, listed.end(), [&](const ListedPrice& price) {
            return price.provider != first->provider || price.model != first->model;
        });
        const RateCard* card = prices.find(first->provider, first->model);
        if (card != nullptr || !is_known(find_alias(first->provider, first->model), {first, end}, times.now)) {
            ModelImport(card, listing, result).add({first, end});
        }
        first = end;
    }
    return result;
}

} // namespace helix
