// Owns: what usage of a model costs by the price list, as a numeric. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

#include "core/ledger/rate_card.hpp"
#include "ledger/stored_usage.hpp"
#include "operations/prices.hpp"

namespace helix::ledger {

// A model at a provider, and how it was called.
struct Priced {
    std::string_view provider;
    std::string_view model;
    std::string_view service_tier; // of the price list; empty: standard
    TimestampTz at;
};

// The name that a recorded model has in the price list now: an alias may have come since.
operations::ModelName recorded_model(const PriceList& prices, const operations::ModelName& recorded);

RateQuery query_of(const Priced& call);

struct PriceFound {
    Datum cost_usd; // numeric; without what has no rate
    bool complete;  // else something has no rate
};

// By the list that operations::prices() returned last. Throws helix::Error 22003 where the cost leaves its range.
PriceFound price_usage(const Priced& call, const Uses& uses);

} // namespace helix::ledger
