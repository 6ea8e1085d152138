// Turns a provider's usage object into counts by type.
#include "pg/prelude.hpp"

#include "ledger/provider_usage.hpp"

#include "pg/guard.hpp"
#include "pg/jsonb.hpp"
#include "pg/numeric.hpp"

namespace helix::ledger {

namespace {

// What no reader knows, of the usage object alone: not of the answer around it.
std::optional<Datum> unread_of(const usage::Usage& read, const FlatJson& json) {
    JsonbParseState* state = nullptr;
    for (int i = 0; i < json.count; ++i) {
        const usage::Field& field = json.fields[i];
        if (read.read.test(static_cast<std::size_t>(i)) || !field.path.starts_with(read.place)) {
            continue;
        }
        if (state == nullptr) {
            pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
        }
        pg::push_key(&state, field.path.substr(read.place.size()));
        pushJsonbValue(&state, WJB_VALUE, &json.values[i]);
    }
    if (state == nullptr) {
        return std::nullopt;
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
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
        result.cost_usd = pg::call([cost] { return pg::numeric_datum(cost); });
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
        metadata = pg::joined_jsonb(metadata, pg::jsonb_object("unread_usage", *usage.unread));
    }
    if (usage.marked) {
        metadata = pg::joined_jsonb(metadata, pg::jsonb_object("usage_reading", pg::jsonb_string("exclusive")));
    }
    return metadata;
}

} // namespace helix::ledger
