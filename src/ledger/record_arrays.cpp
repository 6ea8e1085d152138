// helix.record_operation_executions with an array for each parameter: what drivers bind fastest, for it needs no JSON.
#include "pg/prelude.hpp"

#include "ledger/json_executions.hpp"
#include "ledger/recording_parameters.hpp"
#include "ledger/writer.hpp"
#include "pg/catch_error.hpp"

extern "C" {
#include "utils/array.h"
}

namespace helix::ledger {

namespace {

// The values of one parameter, one for each execution; a null array is all nulls.
struct Values {
    Datum* values;
    bool* nulls;
    int count;
};

Values values_of(ArrayType* array) {
    Values result{};
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

// Fills columns and returns the number of executions.
int read_arguments(FunctionCallInfo fcinfo, Values* columns) {
    if (PG_ARGISNULL(0)) {
        throw null_value("p_user_id", "Pass an array of user ids.");
    }
    for (int i = 0; i < argument_count; ++i) {
        columns[i] = PG_ARGISNULL(i) ? Values{} : values_of(PG_GETARG_ARRAYTYPE_P(i));
        if (columns[i].values != nullptr && columns[i].count != columns[0].count) {
            throw Error(sqlstate::invalid_parameter_value, "the arrays must have the same length",
                        "Parameter " + std::to_string(i + 1) + " has " + std::to_string(columns[i].count) +
                            " elements, the first has " + std::to_string(columns[0].count) + ".",
                        "Pass one element for each execution, null where there is none.");
        }
    }
    return columns[0].count;
}

Request request_of_row(const Values* columns, int row) {
    return request_of([columns, row](int number) {
        const Values& column = columns[number];
        return column.values == nullptr || column.nulls[row] ? std::nullopt : std::optional<Datum>(column.values[row]);
    });
}

void record_rows(const Values* columns, int count, Datum* ids, pg::JsonPlace& place) {
    const TimestampTz now = GetCurrentTimestamp();
    Writer writer(now, count);
    for (place.element = 0; place.element < count; ++place.element) {
        const auto execution = resolve(request_of_row(columns, place.element), now);
        ids[place.element] = Int64GetDatum(writer.append(execution));
    }
    writer.finish();
}

} // namespace

HELIX_FUNCTION(helix_record_operation_executions_columns) {
    Values columns[argument_count];
    const int count = read_arguments(fcinfo, columns);
    if (count == 0) {
        PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
    }
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    pg::JsonPlace place;
    if (ErrorData* error = pg::catch_error([&] { record_rows(columns, count, ids, place); })) {
        ReThrowError(pg::located(error, place));
    }
    PG_RETURN_ARRAYTYPE_P(construct_array(ids, count, INT8OID, sizeof(std::int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

} // namespace helix::ledger
