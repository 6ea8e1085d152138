// Owns: what callers mean by the names of providers and models, and the memory of what was found. Used within
// operations/ only; others have resolve_model().
#pragma once

#include "operations/model_aliases.hpp"
#include "operations/prices.hpp"

namespace helix::operations {

ModelName name_model(const PriceList& prices, const ModelAliases& aliases, std::optional<std::string_view> used,
                     std::optional<std::string_view> model);

// When prices or rules have changed.
void forget_model_names();

} // namespace helix::operations
