// Reads the JSON of bulk_update_operation_preferences() and checks every field of it.
#include "pg/prelude.hpp"

#include "preferences/bulk_updates.hpp"

#include "pg/guard.hpp"
#include "pg/json_place.hpp"
#include "pg/text.hpp"
#include "preferences/preference_values.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::preferences {

namespace {

[[noreturn]] void refuse(const char* message) {
    throw Error(sqlstate::invalid_parameter_value, message, {},
                "Pass [{\"operation_id\": text, \"preferred_model\": text, \"enabled\": boolean, "
                "\"default_parameters\": object, \"cost_budget_monthly\": number}, ...]; null sets a default.");
}

std::string_view text_of(const JsonbValue& value) {
    return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
}

Datum text_datum(const JsonbValue& value) {
    return pg::text_datum(text_of(value));
}

struct Field {
    std::string_view name;
    void (*check)(const JsonbValue&);
};

void check_operation_field(const JsonbValue& value) {
    if (value.type != jbvString) {
        refuse("expected a string");
    }
    check_operation(text_datum(value));
}

void check_model_field(const JsonbValue& value) {
    if (value.type != jbvString) {
        refuse("expected a string or null");
    }
    check_model(text_datum(value));
}

void check_enabled_field(const JsonbValue& value) {
    if (value.type != jbvBool) {
        refuse("expected true, false or null");
    }
}

void check_parameters_field(const JsonbValue& value) {
    JsonbValue copy = value;
    check_parameters(JsonbPGetDatum(JsonbValueToJsonb(&copy)));
}

void check_budget_field(const JsonbValue& value) {
    if (value.type != jbvNumeric) {
        refuse("expected a number or null");
    }
    check_budget(NumericGetDatum(value.val.numeric));
}

constexpr Field fields[] = {{"operation_id", check_operation_field},
                            {"preferred_model", check_model_field},
                            {"enabled", check_enabled_field},
                            {"default_parameters", check_parameters_field},
                            {"cost_budget_monthly", check_budget_field}};

void check_field(std::string_view name, const JsonbValue& value) {
    for (const auto& field : fields) {
        if (field.name == name) {
            if (value.type != jbvNull) {
                field.check(value);
            }
            return;
        }
    }
    refuse("unknown field");
}

// Checks one object and gives the operation that it names, a string.
JsonbValue checked_operation(const JsonbValue& element, pg::JsonPlace& place) {
    if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data)) {
        refuse("expected an object");
    }
    JsonbValue operation{};
    JsonbValue value;
    JsonbIterator* iterator = JsonbIteratorInit(element.val.binary.data);
    JsonbIteratorNext(&iterator, &value, true);
    while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY) {
        place.field = text_of(value);
        JsonbIteratorNext(&iterator, &value, true);
        check_field(place.field, value);
        if (place.field == "operation_id") {
            operation = value;
        }
    }
    place.field = {};
    if (operation.type != jbvString) {
        refuse("operation_id is missing");
    }
    return operation;
}

void check_new(std::span<const std::string_view> seen, std::string_view operation) {
    if (std::find(seen.begin(), seen.end(), operation) != seen.end()) {
        throw Error(sqlstate::invalid_parameter_value, "an operation is named twice",
                    "It is \"" + std::string(operation) + "\".", "Pass one element for each operation.");
    }
}

// The iterator stands behind the array's beginning.
Datum read_elements(JsonbIterator* iterator, int count, pg::JsonPlace& place) {
    // As many as there are operations at most: the next would be unknown or named twice.
    auto* seen = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (count + 1)));
    JsonbParseState* state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    JsonbValue element;
    for (place.element = 0; place.element < count; ++place.element) {
        JsonbIteratorNext(&iterator, &element, true);
        JsonbValue operation = checked_operation(element, place);
        const auto known = static_cast<std::size_t>(place.element);
        check_new({seen, known}, text_of(operation));
        seen[known] = text_of(operation);
        pushJsonbValue(&state, WJB_KEY, &operation);
        pushJsonbValue(&state, WJB_VALUE, &element);
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

} // namespace

Datum read_updates(Datum array) {
    Jsonb* input = DatumGetJsonbP(array);
    JsonbIterator* iterator = JsonbIteratorInit(&input->root);
    JsonbValue begin;
    if (JsonbIteratorNext(&iterator, &begin, false) != WJB_BEGIN_ARRAY || begin.val.array.rawScalar) {
        refuse("p_updates must be a JSON array");
    }
    pg::JsonPlace place;
    try {
        return read_elements(iterator, begin.val.array.nElems, place);
    } catch (const Error& error) {
        throw pg::located(error, place);
    }
}

} // namespace helix::preferences
