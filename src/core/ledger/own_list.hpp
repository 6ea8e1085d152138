// Owns: what the rows of helix's own format of price lists mean. Used by those who read such lists.
#pragma once

#include "core/ledger/listed_price.hpp"

#include <span>

namespace helix {

// Microseconds since 2000-01-01 00:00 UTC; throws Error where the text is no time.
using ReadTime = std::int64_t (*)(std::string_view text);

// Adds one row: of helix.model_prices where it has a price per mtok, else of helix.model_price_rates. What is wrong
// with it is told in `listing`, by its number.
void read_own_row(std::size_t number, std::span<const ListedField> fields, ReadTime read_time, PriceListing& listing);

} // namespace helix
