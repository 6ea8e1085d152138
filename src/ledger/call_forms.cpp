// Looks for exponents. Hardly any body has one, and only then its members are taken apart.
#include "pg/prelude.hpp"

#include "ledger/call_forms.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/json_parts.hpp"

#include <algorithm>

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

constexpr std::string_view required[] = {"p_user_id",    "p_operation_id", "p_date",      "p_success",
                                         "p_latency_ms", "p_cost_usd",     "p_model_used"};

void check_required(auto is_given) {
    if (!std::ranges::all_of(required, is_given)) {
        throw Error(sqlstate::invalid_parameter_value, "a parameter is missing");
    }
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

void check_required_of_call(const PlainObject& body) {
    check_required([&](std::string_view name) {
        return std::ranges::any_of(body, [name](const PlainMember& member) { return member.name == name; });
    });
}

void check_required_of_call(JsonbContainer* body) {
    check_required([body](std::string_view name) {
        JsonbValue value;
        return getKeyJsonValueFromContainer(body, name.data(), static_cast<int>(name.size()), &value) != nullptr;
    });
}

} // namespace helix::ledger
