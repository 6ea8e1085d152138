// helix.record_operation_executions with an array for each parameter: what drivers bind fastest, for it needs no JSON.
#include "pg/prelude.hpp"

#include "ledger/record_all.hpp"
#include "ledger/recording_parameters.hpp"

namespace helix::ledger {

namespace {

// The values of one parameter, one for each execution; a null array stands for nulls.
struct ArrayArgument {
    Datum* values;
    bool* nulls;
    int count;
};

ArrayArgument elements_of(ArrayType* array) {
    ArrayArgument result{};
    std::int16_t length = 0;
    bool by_value = false;
    char alignment = 0;
    if (ARR_NDIM(array) > 1) {
        throw Error(sqlstate::invalid_parameter_value, "the arrays must have one dimension");
    }
    get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
    deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment, &result.values, &result.nulls,
                      &result.count);
    return result;
}

// Fills `arguments` and returns the number of executions.
int read_arguments(FunctionCallInfo fcinfo, ArrayArgument* arguments) {
    const auto& first = arguments[Parameter::user_id];
    if (PG_ARGISNULL(Parameter::user_id)) {
        throw null_value("p_user_id", "Pass an array of user ids.");
    }
    for (int i = 0; i < Parameter::count; ++i) {
        arguments[i] = PG_ARGISNULL(i) ? ArrayArgument{} : elements_of(PG_GETARG_ARRAYTYPE_P(i));
        if (arguments[i].values != nullptr && arguments[i].count != first.count) {
            throw Error(sqlstate::invalid_parameter_value, "the arrays must have the same length",
                        "Parameter " + std::to_string(i + 1) + " has " + std::to_string(arguments[i].count) +
                            " elements, the first has " + std::to_string(first.count) + ".",
                        "Pass one element for each execution, null where there is none.");
        }
    }
    return first.count;
}

Request request_of_element(const ArrayArgument* arguments, int element) {
    return request_of([arguments, element](int parameter) {
        const ArrayArgument& given = arguments[parameter];
        const bool is_null = given.values == nullptr || given.nulls[element];
        return is_null ? std::nullopt : std::optional<Datum>(given.values[element]);
    });
}

} // namespace

HELIX_FUNCTION(helix_record_operation_executions_columns) {
    ArrayArgument arguments[Parameter::count];
    const int count = read_arguments(fcinfo, arguments);
    return record_all(
        count, [&arguments](const pg::JsonPlace& place) { return request_of_element(arguments, place.element); });
}

} // namespace helix::ledger
