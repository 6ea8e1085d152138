// Owns: what the entries of LiteLLM's price list mean. Used by those who read such lists.
#pragma once

#include "core/ledger/listed_price.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace helix {

// A model by our names.
struct LitellmModel {
    std::string provider;
    std::string model;
    int rank; // 1: of the provider itself; 2: of a cloud, whose prices count as the provider's
};
LitellmModel litellm_model(std::string_view litellm_provider, std::string_view name);

// What a price is for; none where helix counts no such usage.
std::optional<RateScope> litellm_scope(std::string_view field, std::string_view mode);

// Adds what one entry says. Whatever of it has no place here is told in `listing` too.
void read_litellm_entry(std::string_view name, std::span<const ListedField> fields, PriceListing& listing);

} // namespace helix
