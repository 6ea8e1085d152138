// Turns a provider's usage object into counts by type.
#include "pg/prelude.hpp"

#include "ledger/provider_usage.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
}

namespace helix::ledger {

namespace {

void push_key(JsonbParseState** state, std::string_view name) {
    JsonbValue key;
    key.type = jbvString;
    key.val.string.val = const_cast<char*>(name.data());
    key.val.string.len = static_cast<int>(name.size());
    pushJsonbValue(state, WJB_KEY, &key);
}

// A scalar that was flattened.
void push_value(JsonbParseState** state, Datum jsonb) {
    JsonbValue value;
    JsonbExtractScalar(&DatumGetJsonbP(jsonb)->root, &value);
    pushJsonbValue(state, WJB_VALUE, &value);
}

// What no reader knows, of the usage object alone: not of the answer around it.
std::optional<Datum> unread_of(const usage::Usage& read, const FlatJson& json) {
    JsonbParseState* state = nullptr;
    for (int i = 0; i < json.count; ++i) {
        if (read.read.test(static_cast<std::size_t>(i)) || !json.fields[i].path.starts_with(read.place)) {
            continue;
        }
        if (state == nullptr) {
            pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
        }
        push_key(&state, json.fields[i].path.substr(read.place.size()));
        push_value(&state, json.values[i]);
    }
    if (state == nullptr) {
        return std::nullopt;
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

Datum object_of(const char* key, Datum jsonb) {
    JsonbParseState* state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    push_key(&state, key);
    JsonbValue value;
    Jsonb* inner = DatumGetJsonbP(jsonb);
    if (!JB_ROOT_IS_SCALAR(inner) || !JsonbExtractScalar(&inner->root, &value)) {
        value.type = jbvBinary;
        value.val.binary.data = &inner->root;
        value.val.binary.len = static_cast<int>(VARSIZE(inner) - VARHDRSZ);
    }
    pushJsonbValue(&state, WJB_VALUE, &value);
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

Datum joined(std::optional<Datum> one, Datum other) {
    return one ? DirectFunctionCall2(jsonb_concat, *one, other) : other;
}

Datum numeric_of(std::string_view text) {
    return DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(text.data(), text.size())),
                               ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

} // namespace

ProviderUsage usage_of(const usage::Usage& read, const FlatJson& json) {
    ProviderUsage result{};
    for (std::size_t i = 0; i < usage::usage_types; ++i) {
        const auto type = static_cast<usage::UsageType>(i);
        result.uses.add(type, read.counts[type]);
    }
    result.columns = {read.counts.sum(usage::Column::input_tokens), read.counts.sum(usage::Column::cached_input_tokens),
                      read.counts.sum(usage::Column::output_tokens)};
    result.service_tier = read.service_tier;
    result.marked = read.marked;
    const std::string_view cost = read.cost_usd;
    if (!cost.empty()) {
        result.cost_usd = pg::call([cost] { return numeric_of(cost); });
    }
    result.unread = pg::call([&read, &json] { return unread_of(read, json); });
    return result;
}

ProviderUsage read_usage(Datum jsonb) {
    const FlatJson json = pg::call([jsonb] { return flatten("usage", jsonb, Flatten::everything); });
    return usage_of(usage::read_usage(json.all()), json);
}

std::optional<Datum> metadata_with(std::optional<Datum> metadata, const ProviderUsage& usage) {
    if (usage.unread) {
        metadata = joined(metadata, object_of("unread_usage", *usage.unread));
    }
    if (usage.marked) {
        metadata =
            joined(metadata, DirectFunctionCall1(jsonb_in, CStringGetDatum(R"({"usage_reading": "exclusive"})")));
    }
    return metadata;
}

} // namespace helix::ledger
