// helix.record_operation_executions: a JSON array of executions, all or nothing.
#include "pg/prelude.hpp"

#include "core/uuid.hpp"
#include "ledger/execution.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"

#include <cstring>

extern "C" {
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

// Where the array is being read: what an error names.
struct Place {
    int element = 0;
    std::string_view field;
};

std::string describe(const Place& place) {
    auto where = "element " + std::to_string(place.element);
    return place.field.empty() ? where : where + ", field \"" + std::string(place.field) + "\"";
}

// Errors that PostgreSQL's own input functions raise have no detail; this gives them one.
void add_place(void* argument) {
    const auto* place = static_cast<const Place*>(argument);
    if (geterrcode() != 0) {
        errdetail_internal("Element %d, field \"%.*s\".", place->element, static_cast<int>(place->field.size()),
                           place->field.data());
    }
}

[[noreturn]] void refuse_type(const char* expected) {
    throw Error(sqlstate::invalid_parameter_value, std::string("expected ") + expected);
}

std::string_view string_of(const JsonbValue& value) {
    if (value.type != jbvString) {
        refuse_type("a string");
    }
    return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
}

const char* c_string_of(const JsonbValue& value) {
    const auto text = string_of(value);
    return pnstrdup(text.data(), text.size());
}

pg_uuid_t uuid_of(const JsonbValue& value) {
    const auto text = string_of(value);
    const auto bytes = parse_uuid(text);
    if (!bytes) {
        return *DatumGetUUIDP(
            DirectFunctionCall1(uuid_in, CStringGetDatum(c_string_of(value)))); // other notations, errors
    }
    pg_uuid_t uuid;
    memcpy(uuid.data, bytes->data(), UUID_LEN);
    return uuid;
}

Datum numeric_of(const JsonbValue& value) {
    if (value.type == jbvNumeric) {
        return NumericGetDatum(value.val.numeric);
    }
    if (value.type != jbvString) {
        refuse_type("a number");
    }
    return DirectFunctionCall3(numeric_in, CStringGetDatum(c_string_of(value)), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}

std::int64_t integer_of(const JsonbValue& value) {
    const Datum number = numeric_of(value);
    const Datum integer = DirectFunctionCall1(numeric_int8, number); // rounds
    if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number, DirectFunctionCall1(int8_numeric, integer)))) {
        refuse_type("a whole number");
    }
    return DatumGetInt64(integer);
}

bool boolean_of(const JsonbValue& value) {
    if (value.type != jbvBool) {
        refuse_type("true or false");
    }
    return value.val.boolean;
}

DateADT date_of(const JsonbValue& value) {
    return DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(c_string_of(value))));
}

TimestampTz time_of(const JsonbValue& value) {
    return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(c_string_of(value)),
                                                   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

Datum jsonb_of(const JsonbValue& value) {
    JsonbValue copy = value;
    return JsonbPGetDatum(JsonbValueToJsonb(&copy));
}

// Setting one field of a request; the table below maps names to these.
template <auto member, auto convert>
void set(Request& request, const JsonbValue& value) {
    request.*member = convert(value);
}

struct Field {
    std::string_view name;
    void (*set)(Request&, const JsonbValue&);
};

constexpr Field fields[] = {
    {"date", set<&Request::date, date_of>},
    {"model", set<&Request::model, string_of>},
    {"error", set<&Request::error, string_of>},
    {"user_id", set<&Request::user_id, uuid_of>},
    {"success", set<&Request::success, boolean_of>},
    {"cost_usd", set<&Request::cost_usd, numeric_of>},
    {"trace_id", set<&Request::trace_id, string_of>},
    {"metadata", set<&Request::metadata, jsonb_of>},
    {"latency_ms", set<&Request::latency_ms, integer_of>},
    {"model_used", set<&Request::model_used, string_of>},
    {"request_id", set<&Request::request_id, string_of>},
    {"occurred_at", set<&Request::occurred_at, time_of>},
    {"reservation_id", set<&Request::reservation_id, uuid_of>},
    {"operation_id", set<&Request::operation_id, string_of>},
    {"input_tokens", set<&Request::input_tokens, integer_of>},
    {"output_tokens", set<&Request::output_tokens, integer_of>},
    {"cached_input_tokens", set<&Request::cached_input_tokens, integer_of>},
};

void set_field(Request& request, std::string_view name, const JsonbValue& value) {
    for (const auto& field : fields) {
        if (field.name == name) {
            if (value.type != jbvNull) {
                field.set(request, value);
            }
            return;
        }
    }
    throw Error(sqlstate::invalid_parameter_value, "unknown field", {},
                "The fields are the parameters of record_operation_execution without p_.");
}

// Reads one object; the iterator stands behind its beginning.
Request read_element(JsonbIterator** iterator, Place& place) {
    Request request;
    JsonbValue value;
    while (JsonbIteratorNext(iterator, &value, true) == WJB_KEY) {
        place.field = {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
        const auto name = place.field;
        JsonbIteratorNext(iterator, &value, true);
        set_field(request, name, value);
    }
    place.field = {};
    return request;
}

void record_elements(JsonbIterator* iterator, int count, Datum* ids, Place& place) {
    const TimestampTz now = GetCurrentTimestamp();
    Writer writer(now, count);
    JsonbValue value;
    for (place.element = 0; place.element < count; ++place.element) {
        if (JsonbIteratorNext(&iterator, &value, false) != WJB_BEGIN_OBJECT) {
            refuse_type("an object");
        }
        const auto execution = resolve(read_element(&iterator, place), now);
        ids[place.element] = Int64GetDatum(writer.append(execution));
    }
    writer.finish();
}

} // namespace

} // namespace helix::ledger

using namespace helix;

HELIX_FUNCTION(helix_record_operation_executions) {
    if (PG_ARGISNULL(0)) {
        throw Error(sqlstate::null_value_not_allowed, "p_executions must not be null", {},
                    "Pass a JSON array of objects.");
    }
    Jsonb* input = PG_GETARG_JSONB_P(0);
    JsonbIterator* iterator = JsonbIteratorInit(&input->root);
    JsonbValue array;
    if (JsonbIteratorNext(&iterator, &array, false) != WJB_BEGIN_ARRAY || array.val.array.rawScalar) {
        throw Error(sqlstate::invalid_parameter_value, "executions must be a JSON array", {},
                    "Pass a JSON array of objects.");
    }
    const int count = array.val.array.nElems;
    if (count == 0) {
        PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
    }
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    ledger::Place place;
    ErrorContextCallback context{error_context_stack, ledger::add_place, &place};
    error_context_stack = &context;
    try {
        ledger::record_elements(iterator, count, ids, place);
    } catch (Error& error) {
        const auto where = ledger::describe(place);
        error.detail = error.detail.empty() ? "In " + where + "." : "In " + where + ": " + error.detail;
        throw;
    }
    error_context_stack = context.previous;
    PG_RETURN_ARRAYTYPE_P(construct_array(ids, count, INT8OID, sizeof(std::int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
