// What all lists of prices have in common.
#include "core/ledger/listed_price.hpp"

#include "core/error.hpp"

#include <algorithm>

namespace helix {

bool is_plain(const RateScope& scope) {
    const bool has_column = scope.type == usage::UsageType::input || scope.type == usage::UsageType::cached_input ||
                            scope.type == usage::UsageType::output;
    return has_column && scope.tier == standard_tier && scope.above == 0 && scope.hours.all();
}

void check_listed_name(const char* what, std::string_view name, std::size_t most) {
    if (name.empty()) {
        throw Error(sqlstate::invalid_parameter_value, "invalid name", std::string("The ") + what + " is empty.");
    }
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    if (static_cast<std::size_t>(std::count_if(name.begin(), name.end(), begins_character)) > most) {
        throw Error(sqlstate::string_data_right_truncation, "invalid name",
                    std::string("The ") + what + " has more than " + std::to_string(most) + " characters.");
    }
}

} // namespace helix
