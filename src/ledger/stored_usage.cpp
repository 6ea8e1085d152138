// Writes usage into the ledger's columns, and reads it back.
#include "pg/prelude.hpp"

#include "ledger/stored_usage.hpp"

#include "pg/guard.hpp"
#include "pg/jsonb.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

bool has_a_column(usage::UsageType type) {
    return type == usage::UsageType::input || type == usage::UsageType::cached_input ||
           type == usage::UsageType::output;
}

// What a column holds beyond the types that have been taken out of it.
struct Rest {
    std::int64_t input;
    std::int64_t cached_input;
    std::int64_t output;

    void take(const Use& use) {
        switch (usage::column_of(use.type)) {
        case usage::Column::input_tokens:
            input -= use.count;
            break;
        case usage::Column::cached_input_tokens:
            cached_input -= use.count;
            break;
        case usage::Column::output_tokens:
            output -= use.count;
            break;
        case usage::Column::none:
            break;
        }
    }
};

// Adds the types of the object, and takes them out of their columns.
void read_types(Datum types, Uses& uses, Rest& rest) {
    JsonbIterator* iterator = JsonbIteratorInit(&DatumGetJsonbP(types)->root);
    JsonbValue value;
    JsonbIteratorNext(&iterator, &value, false); // its beginning
    while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY) {
        const auto type = usage::usage_type_of({value.val.string.val, static_cast<std::size_t>(value.val.string.len)});
        JsonbIteratorNext(&iterator, &value, true);
        if (type && !has_a_column(*type) && value.type == jbvNumeric) {
            const Datum count = DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric));
            uses.add(*type, DatumGetInt64(count));
            rest.take({*type, DatumGetInt64(count)});
        }
    }
}

} // namespace

std::optional<Datum> stored_types(const Uses& uses) {
    JsonbParseState* state = nullptr;
    for (const Use& use : uses.all()) {
        if (has_a_column(use.type)) {
            continue;
        }
        if (state == nullptr) {
            pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
        }
        pg::push_key(&state, usage::name_of(use.type));
        JsonbValue count;
        count.type = jbvNumeric;
        count.val.numeric = int64_to_numeric(use.count);
        pushJsonbValue(&state, WJB_VALUE, &count);
    }
    if (state == nullptr) {
        return std::nullopt;
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

Uses uses_of(const TokenColumns& columns, Datum types) {
    Uses uses{};
    Rest rest{columns.input.value_or(0), columns.cached_input.value_or(0), columns.output.value_or(0)};
    if (types != 0) {
        read_types(types, uses, rest);
    }
    uses.add(usage::UsageType::input, rest.input);
    uses.add(usage::UsageType::cached_input, rest.cached_input);
    uses.add(usage::UsageType::output, rest.output);
    return uses;
}

} // namespace helix::ledger
