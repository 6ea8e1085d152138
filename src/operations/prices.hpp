// Owns: each backend's copy of the prices, rates and aliases of models. Any feature may read it; it follows every
// committed change.
#pragma once

#include "core/ledger/price_list.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace helix::operations {

// Registers for invalidations; called once, by initialize().
void initialize_prices();

// Who sells which models, without their rates. Reads the tables first where they have changed, and may raise PostgreSQL
// errors then. Valid until the next call.
const PriceList& prices();

// The rates of a model of that list; null where nobody sells it. They are read when the session first prices the model,
// and may raise PostgreSQL errors then. Valid as long as the list is.
const RateCard* rates_of(std::string_view provider, std::string_view model);

// The list with all rates, read anew: for whoever looks at all of them.
const PriceList& prices_with_rates();

// A number that is another one after a change of the tables.
std::uint64_t prices_version();

// Stands for the provider, and the model, where nobody says or knows one.
inline constexpr std::string_view unknown_name = "unknown";

// Who sells a model, and its name in the price list; or what was sent, where nobody knows it.
struct ModelName {
    std::string_view provider;
    std::string_view model;
};

// What a caller means by `used` (a provider, or a model) and `model`, by helix.model_aliases. The views live until the
// next call of prices(), or are those of the arguments. Raises PostgreSQL errors.
ModelName resolve_model(const PriceList& prices, std::optional<std::string_view> used,
                        std::optional<std::string_view> model);

} // namespace helix::operations
