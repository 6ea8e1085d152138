// Looks for exponents. Hardly any body has one, and only then its members are taken apart.
#include "ledger/call_forms.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/json_parts.hpp"

namespace helix::ledger {

namespace {

// Outside of strings an "e" after a digit is an exponent's.
bool has_exponent(std::string_view json) {
    bool quoted = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (quoted && c == '\\') {
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == 'e' || c == 'E') && i > 0 && is_digit(json[i - 1])) {
            return true;
        }
    }
    return false;
}

// Objects and arrays are jsonb in a single call too.
bool is_number(std::string_view value) {
    return !value.empty() && (value.front() == '-' || is_digit(value.front()));
}

} // namespace

void check_forms_of_call(std::string_view body) {
    const auto members = has_exponent(body) ? json_members(body) : std::nullopt;
    for (std::size_t i = 0; members && i < members->size(); ++i) {
        const auto [name, value] = (*members)[i];
        if (name != "p_cost_usd" && is_number(value) && has_exponent(value)) {
            throw Error(sqlstate::invalid_parameter_value, "expected a number without an exponent");
        }
    }
}

} // namespace helix::ledger
