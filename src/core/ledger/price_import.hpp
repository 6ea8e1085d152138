// Owns: what a list of prices would change in ours. Used by operations/; pure, so that a dry run is the real thing.
#pragma once

#include "core/ledger/listed_price.hpp"
#include "core/ledger/price_list.hpp"

#include <functional>

namespace helix {

// A rate that is new, or costs something else from now on.
struct PriceChange {
    ListedPrice to;
    std::int64_t valid_from;
    std::optional<PicoUsd> old_price; // none: it is new
};

// A row of helix.model_prices.
struct PlainPrice {
    std::string provider;
    std::string model;
    std::int64_t valid_from;
    Price price;
};

struct PriceImport {
    std::vector<PriceChange> changes; // by provider, model, time and scope
    std::vector<PlainPrice> plain;    // of the changes that helix.model_prices has columns for
};

struct ImportTimes {
    std::int64_t now = 0;
    std::optional<std::int64_t> valid_from; // of rows that don't say it
};
// From when a model's prices hold where nobody has said so and it had none: 2000-01-01. Nothing of it stays unpriced.
inline constexpr std::int64_t always = 0;

// The rates under which a model that is not in the list is known by an alias; null where it is not.
using FindAlias = std::function<const RateCard*(std::string_view provider, std::string_view model)>;

// Compares. Where two prices of the list contradict each other, the later is told in `skipped` or `refused`.
PriceImport compare(PriceListing& listing, const PriceList& prices, const ImportTimes& times,
                    const FindAlias& find_alias);

} // namespace helix
