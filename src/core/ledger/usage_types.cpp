// Keeps the types of usage by name and place.
#include "core/ledger/usage_types.hpp"

namespace helix {

UsageTypes::UsageTypes() {
    for (const char* name : {"input", "cached_input", "output"}) {
        add(name);
    }
}

UsageTypeId UsageTypes::add(std::string_view name) {
    const auto [place, is_new] = by_name_.try_emplace(std::string(name), types_.size());
    if (is_new) {
        types_.push_back({.name = std::string(name), .in_prompt = false, .part_of = {}, .priced_as = {}});
    }
    return place->second;
}

std::optional<UsageTypeId> UsageTypes::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace helix
