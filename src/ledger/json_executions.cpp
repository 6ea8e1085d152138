// Reads executions from JSON: a table of fields, each with the conversion of its value.
#include "pg/prelude.hpp"

#include "ledger/json_executions.hpp"

#include "core/error.hpp"
#include "core/error_text.hpp"
#include "core/json_parts.hpp"
#include "core/plain_json.hpp"
#include "core/uuid.hpp"
#include "ledger/call_forms.hpp"
#include "ledger/plain_values.hpp"
#include "pg/catch_error.hpp"
#include "pg/text.hpp"

#include <cstring>

extern "C" {
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

// Of a value that is known to be a string, as keys are.
std::string_view bytes_of(const JsonbValue& value) {
    return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
}

// A value as an error shows it; long texts are cut.
std::string shown(const JsonbValue& value) {
    constexpr std::size_t most_shown = 200;
    switch (value.type) {
    case jbvString: {
        const auto cut = shorten_error(bytes_of(value), most_shown);
        return "\"" + std::string(cut.kept) + std::string(cut.mark()) + "\"";
    }
    case jbvNumeric:
        return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
    case jbvBool:
        return value.val.boolean ? "true" : "false";
    default:
        return JsonContainerIsObject(value.val.binary.data) ? "an object" : "an array";
    }
}

[[noreturn]] void refuse_type(const JsonbValue& value, const char* expected) {
    throw Error(sqlstate::invalid_parameter_value, std::string("expected ") + expected, "It is " + shown(value) + ".");
}

std::string_view string_of(const JsonbValue& value) {
    if (value.type != jbvString) {
        refuse_type(value, "a string");
    }
    return bytes_of(value);
}

const char* c_string_of(const JsonbValue& value) {
    const auto text = string_of(value);
    return pnstrdup(text.data(), text.size());
}

pg_uuid_t uuid_of(const JsonbValue& value) {
    const auto bytes = parse_uuid(string_of(value));
    if (!bytes) { // another notation, or an error
        return *DatumGetUUIDP(DirectFunctionCall1(uuid_in, CStringGetDatum(c_string_of(value))));
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
        refuse_type(value, "a number");
    }
    return DirectFunctionCall3(numeric_in, CStringGetDatum(c_string_of(value)), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}

bool is_at_most(Datum one, Datum other) {
    return DatumGetBool(DirectFunctionCall2(numeric_le, one, other));
}

// It lasts as long as the session.
Datum lasting(Datum& numeric, std::int64_t value) {
    if (numeric == 0) {
        const MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
        numeric = NumericGetDatum(int64_to_numeric(value));
        MemoryContextSwitchTo(caller);
    }
    return numeric;
}

// A number that bigint cannot hold is out of range, and so are NaN and infinity.
std::int64_t rounded_of(const JsonbValue& value) {
    static Datum lowest = 0;
    static Datum highest = 0;
    const Datum number = numeric_of(value);
    bool is_larger = false;
    const std::int32_t small = numeric_int4_opt_error(DatumGetNumeric(number), &is_larger);
    if (!is_larger) {
        return small;
    }
    if (!is_at_most(lasting(lowest, PG_INT64_MIN), number) || !is_at_most(number, lasting(highest, PG_INT64_MAX))) {
        throw Error(sqlstate::numeric_value_out_of_range, "the number is out of range", "It is " + shown(value) + ".");
    }
    return DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
}

std::int64_t integer_of(const JsonbValue& value) {
    const std::int64_t integer = rounded_of(value);
    if (!DatumGetBool(DirectFunctionCall2(numeric_eq, numeric_of(value), NumericGetDatum(int64_to_numeric(integer))))) {
        refuse_type(value, "a whole number");
    }
    return integer;
}

// Of a call: a parameter's integer is read from its text, to which 7.0 is none.
template <auto read>
std::int64_t integer_of_call(const JsonbValue& value) {
    const Datum digits = value.type == jbvNumeric ? DirectFunctionCall1(numeric_out, numeric_of(value))
                                                  : CStringGetDatum(c_string_of(value));
    return DatumGetInt64(DirectFunctionCall1(read, digits));
}

bool boolean_of(const JsonbValue& value) {
    if (value.type != jbvBool) {
        refuse_type(value, "true or false");
    }
    return value.val.boolean;
}

DateADT date_of(const JsonbValue& value) {
    if (const auto date = plain_date(string_of(value))) {
        return *date;
    }
    return DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(c_string_of(value))));
}

Datum read_time(const char* text) {
    return DirectFunctionCall3(timestamptz_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

// Of a call: a parameter's time is by the session's zone.
TimestampTz time_of_call(const JsonbValue& value) {
    return DatumGetTimestampTz(read_time(c_string_of(value)));
}

// Without a zone it is by UTC: a time in JSON must not depend on a setting of the session that reads it.
TimestampTz time_of(const JsonbValue& value) {
    const char* text = c_string_of(value);
    Datum time = 0;
    pg_tz* const zone_of_session = session_timezone;
    session_timezone = pg_tzset("GMT"); // which needs no file
    ErrorData* error = pg::catch_error([text, &time] { time = read_time(text); });
    session_timezone = zone_of_session;
    if (error != nullptr) {
        ReThrowError(error);
    }
    return DatumGetTimestampTz(time);
}

// A number as its digits: some senders count their requests.
std::string_view name_of(const JsonbValue& value) {
    if (value.type == jbvNumeric) {
        return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
    }
    return string_of(value);
}

// Of a call: a parameter's text is the number as it was written, and a numeric is the same for -0 and 0.
std::string_view name_of_call(const JsonbValue& value) {
    const auto name = name_of(value);
    return name.find_first_not_of("0.") == std::string_view::npos ? string_of(value) : name;
}

Datum jsonb_of(const JsonbValue& value) {
    JsonbValue copy = value;
    return JsonbPGetDatum(JsonbValueToJsonb(&copy));
}

// Sets one field of a request; the table below has these by name.
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
    {"latency_ms", set<&Request::latency_ms, rounded_of>},
    {"model_used", set<&Request::model_used, string_of>},
    {"request_id", set<&Request::request_id, name_of>},
    {"occurred_at", set<&Request::occurred_at, time_of>},
    {"usage", set<&Request::usage, jsonb_of>},
    {"reservation_id", set<&Request::reservation_id, uuid_of>},
    {"operation_id", set<&Request::operation_id, string_of>},
    {"service_tier", set<&Request::service_tier, string_of>},
    {"input_tokens", set<&Request::input_tokens, integer_of>},
    {"output_tokens", set<&Request::output_tokens, integer_of>},
    {"cached_input_tokens", set<&Request::cached_input_tokens, integer_of>},
};

// Where a call's parameter means something else.
constexpr Field call_fields[] = {
    {"latency_ms", set<&Request::latency_ms, integer_of_call<int4in>>},
    {"request_id", set<&Request::request_id, name_of_call>},
    {"occurred_at", set<&Request::occurred_at, time_of_call>},
    {"input_tokens", set<&Request::input_tokens, integer_of_call<int8in>>},
    {"output_tokens", set<&Request::output_tokens, integer_of_call<int8in>>},
    {"cached_input_tokens", set<&Request::cached_input_tokens, integer_of_call<int8in>>},
};

bool set_if_known(std::span<const Field> known, Request& request, std::string_view name, const JsonbValue& value) {
    for (const auto& field : known) {
        if (field.name == name) {
            if (value.type != jbvNull) {
                field.set(request, value);
            }
            return true;
        }
    }
    return false;
}

void set_parameter(Request& request, std::string_view name, const JsonbValue& value) {
    constexpr std::string_view prefix = "p_";
    const auto field = name.substr(std::min(prefix.size(), name.size()));
    if (!name.starts_with(prefix) ||
        !(set_if_known(call_fields, request, field, value) || set_if_known(fields, request, field, value))) {
        throw Error(sqlstate::invalid_parameter_value, "unknown parameter");
    }
}

void set_field(Request& request, std::string_view name, const JsonbValue& value) {
    if (!set_if_known(fields, request, name, value)) {
        throw Error(sqlstate::invalid_parameter_value, "unknown field", {},
                    "The fields are the parameters of record_operation_execution without p_.");
    }
}

Request read_object(JsonbContainer* object, pg::JsonPlace& place, decltype(set_field)* set_member) {
    Request request;
    JsonbIterator* iterator = JsonbIteratorInit(object);
    JsonbValue value;
    JsonbIteratorNext(&iterator, &value, false); // its beginning
    while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY) {
        place.field = bytes_of(value);
        JsonbIteratorNext(&iterator, &value, true);
        set_member(request, place.field, value);
    }
    place.field = {};
    return request;
}

Request read_plain(const PlainObject& object, pg::JsonPlace& place, decltype(set_field)* set_member) {
    Request request;
    for (const PlainMember& member : object) {
        place.field = member.name;
        set_member(request, member.name, plain_value(member));
    }
    place.field = {};
    return request;
}

Jsonb* parse(const char* json) {
    return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}

// The first field whose value cannot be read even by itself; empty where the form of the object is wrong.
std::string_view field_that_fails(const char* object) {
    const auto members = json_members(object);
    for (std::size_t i = 0; members && i < members->size(); ++i) {
        const auto value = (*members)[i].value;
        if (pg::catch_error([value] { parse(pnstrdup(value.data(), value.size())); }) != nullptr) {
            return (*members)[i].name;
        }
    }
    return {};
}

// Reading JSON takes no locks and holds no resources, so nothing has to be undone after an error.
JsonbContainer* object_of(const char* text, pg::JsonPlace& place) {
    Jsonb* json = nullptr;
    if (ErrorData* error = pg::catch_error([&json, text] { json = parse(text); })) {
        place.field = field_that_fails(text);
        ReThrowError(error);
    }
    return JB_ROOT_IS_OBJECT(json) ? &json->root : nullptr;
}

[[noreturn]] void refuse_other_than_array() {
    throw Error(sqlstate::invalid_parameter_value, "executions must be a JSON array", {},
                "Pass a JSON array of objects.");
}

} // namespace

JsonExecutions JsonExecutions::from_argument(FunctionCallInfo fcinfo) {
    const bool is_text = get_fn_expr_argtype(fcinfo->flinfo, 0) == TEXTOID;
    if (PG_ARGISNULL(0)) {
        throw null_value(is_text ? "p_json" : "p_executions", "Pass a JSON array of objects.");
    }
    return is_text ? from_text(pg::text_view(PG_GETARG_DATUM(0))) : from_jsonb(PG_GETARG_JSONB_P(0));
}

JsonExecutions JsonExecutions::from_jsonb(Jsonb* json) {
    JsonExecutions result{};
    JsonbIterator* iterator = JsonbIteratorInit(&json->root);
    JsonbValue value;
    if (JsonbIteratorNext(&iterator, &value, false) != WJB_BEGIN_ARRAY || value.val.array.rawScalar) {
        refuse_other_than_array();
    }
    result.elements_ = static_cast<Element*>(palloc0(sizeof(Element) * (value.val.array.nElems + 1)));
    while (JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM) {
        const bool is_object = value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data);
        result.elements_[result.count_++].object = is_object ? value.val.binary.data : nullptr;
    }
    return result;
}

JsonExecutions JsonExecutions::from_text(std::string_view json) {
    const auto parts = json_elements(json);
    if (!parts) {
        refuse_other_than_array();
    }
    JsonExecutions result{};
    const std::string_view* const views = parts->data();
    const std::size_t count = parts->size();
    result.elements_ = pg::call([views, count] {
        auto* elements = static_cast<Element*>(palloc0(sizeof(Element) * (count + 1)));
        for (std::size_t i = 0; i < count; ++i) {
            elements[i].text = pnstrdup(views[i].data(), views[i].size());
        }
        return elements;
    });
    result.count_ = static_cast<int>(count);
    return result;
}

JsonExecutions JsonExecutions::from_calls(ArrayType* calls, int most) {
    JsonExecutions result{};
    Datum* texts = nullptr;
    bool* nulls = nullptr;
    deconstruct_array(calls, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &result.count_);
    if (result.count_ > most) {
        throw Error(sqlstate::program_limit_exceeded, "too many calls at once",
                    "There are " + std::to_string(result.count_) + ".", "Pass at most " + std::to_string(most) + ".");
    }
    result.are_calls_ = true;
    result.elements_ = static_cast<Element*>(palloc0(sizeof(Element) * (static_cast<std::size_t>(result.count_) + 1)));
    for (int i = 0; i < result.count_; ++i) {
        if (nulls[i]) {
            throw null_value("p_calls[" + std::to_string(i + 1) + "]", "Pass the body of each call.");
        }
        result.elements_[i].text = TextDatumGetCString(texts[i]);
    }
    return result;
}

Request JsonExecutions::read(pg::JsonPlace& place) const {
    place.field = {};
    const Element& element = elements_[place.element];
    const auto set_member = are_calls_ ? set_parameter : set_field;
    if (PlainObject plain; element.text != nullptr && plain.read(element.text)) {
        if (are_calls_) {
            check_required_of_call(plain);
        }
        return read_plain(plain, place, set_member);
    }
    JsonbContainer* object = element.text == nullptr ? element.object : object_of(element.text, place);
    if (object == nullptr) {
        throw Error(sqlstate::invalid_parameter_value, "expected an object");
    }
    if (are_calls_) {
        check_forms_of_call(element.text);
        check_required_of_call(object);
    }
    return read_object(object, place, set_member);
}

} // namespace helix::ledger
