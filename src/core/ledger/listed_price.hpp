// Owns: prices as a list from outside has them, before they are compared with ours. Used by what reads such lists and
// by price_import.
#pragma once

#include "core/ledger/rate_card.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helix {

// A field of an entry. The fields of an object within it have its name and a point before their own.
struct ListedField {
    enum class Kind : std::uint8_t { null, number, text, other };

    std::string_view name;
    Kind kind = Kind::null;
    std::string_view text; // of a number: its digits, without an exponent
};

struct ListedPrice {
    std::string provider;
    std::string model;
    RateScope scope;
    std::optional<PicoUsd> price;           // none: the rate ends
    std::optional<std::int64_t> valid_from; // none: as the import says
    int rank = 0; // of entries for the same model, the lowest counts; with 0 they may not contradict each other
};

// Why an entry, or a part of one, gives no price. `model` is what the list calls it where nobody else does.
struct ListedTrouble {
    std::string provider; // empty: the list doesn't say
    std::string model;
    std::string reason;
};

struct PriceListing {
    std::vector<ListedPrice> prices;
    std::vector<ListedTrouble> skipped; // helix has no such price
    std::vector<ListedTrouble> refused; // it is wrong
};

// In the standard tier, at any time and any length: what helix.model_prices has a column for.
bool is_plain(const RateScope& scope);

// Throws Error 22023 where the name is empty, 22001 where it has more characters than `most`.
inline constexpr std::size_t longest_listed_name = 200; // characters
void check_listed_name(const char* what, std::string_view name, std::size_t most = longest_listed_name);

} // namespace helix
