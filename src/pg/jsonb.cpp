// Makes jsonb.
#include "pg/jsonb.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace helix::pg {

namespace {

JsonbValue string_value(std::string_view text) {
    JsonbValue value;
    value.type = jbvString;
    value.val.string.val = const_cast<char*>(text.data());
    value.val.string.len = static_cast<int>(text.size());
    return value;
}

} // namespace

Datum jsonb_string(std::string_view text) {
    JsonbValue value = string_value(text);
    return JsonbPGetDatum(JsonbValueToJsonb(&value));
}

Datum jsonb_object(std::string_view name, Datum value) {
    JsonbParseState* state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    push_key(&state, name);
    push_value(&state, value);
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

Datum joined_jsonb(std::optional<Datum> one, Datum other) {
    return one ? DirectFunctionCall2(jsonb_concat, *one, other) : other;
}

void push_key(JsonbParseState** state, std::string_view name) {
    JsonbValue key = string_value(name);
    pushJsonbValue(state, WJB_KEY, &key);
}

void push_value(JsonbParseState** state, Datum jsonb) {
    Jsonb* const source = DatumGetJsonbP(jsonb);
    JsonbValue value;
    if (!JB_ROOT_IS_SCALAR(source) || !JsonbExtractScalar(&source->root, &value)) {
        value.type = jbvBinary;
        value.val.binary.data = &source->root;
        value.val.binary.len = static_cast<int>(VARSIZE(source) - VARHDRSZ);
    }
    pushJsonbValue(state, WJB_VALUE, &value);
}

} // namespace helix::pg
