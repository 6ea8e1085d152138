// Checks the bounds of values that users store.
#include "pg/prelude.hpp"

#include "pg/bounds.hpp"

#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace helix::pg {

namespace {

constexpr std::int64_t amounts_end_usd = 1'000'000'000;
constexpr int most_decimals = 40; // a JavaScript number of 1e-20 USD still passes
constexpr int most_levels = 64;
constexpr std::size_t most_shown = 100;

std::string counted(std::size_t count, const char* what) {
    return std::to_string(count) + " " + what;
}

// The value as an error's detail. A number of a hundred thousand digits does not belong there.
std::string shown(Datum numeric) {
    const std::string text = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
    return text.size() <= most_shown ? "It is " + text + "." : "It has " + counted(text.size(), "characters.");
}

bool is_less(Datum one, std::int64_t other) {
    return DatumGetBool(DirectFunctionCall2(numeric_lt, one, NumericGetDatum(int64_to_numeric(other))));
}

bool is_more(Datum one, std::int64_t other) {
    return DatumGetBool(DirectFunctionCall2(numeric_gt, one, NumericGetDatum(int64_to_numeric(other))));
}

bool has_many_decimals(Datum numeric) {
    return DatumGetInt32(DirectFunctionCall1(numeric_scale, numeric)) > most_decimals;
}

bool is_finite(Datum numeric) {
    return !numeric_is_nan(DatumGetNumeric(numeric)) && !numeric_is_inf(DatumGetNumeric(numeric));
}

// What is wrong with an amount in USD; null where nothing is.
const char* problem_of_amount(Datum numeric) {
    if (!is_finite(numeric)) {
        return "not a finite number";
    }
    if (is_less(numeric, 0)) {
        return "negative";
    }
    if (!is_less(numeric, amounts_end_usd)) {
        return "10^9 or more";
    }
    return has_many_decimals(numeric) ? "given with more than 40 decimals" : nullptr;
}

// How deep arrays and objects are nested.
int levels_of(Jsonb* json) {
    int level = 0;
    int most = 0;
    JsonbIterator* iterator = JsonbIteratorInit(&json->root);
    JsonbValue value;
    for (auto token = JsonbIteratorNext(&iterator, &value, false); token != WJB_DONE;
         token = JsonbIteratorNext(&iterator, &value, false)) {
        level += token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT ? 1 : 0;
        level -= token == WJB_END_ARRAY || token == WJB_END_OBJECT ? 1 : 0;
        most = std::max(most, level);
    }
    return most;
}

} // namespace

void check_text(const char* name, Datum text, int most) {
    const auto value = text_view(text);
    const int length = pg_mbstrlen_with_len(value.data(), static_cast<int>(value.size()));
    if (length > most) {
        throw Error(sqlstate::string_data_right_truncation, std::string(name) + " is too long",
                    "It has " + counted(length, "characters."),
                    "At most " + counted(most, "characters are kept, and nothing is cut silently."));
    }
}

void check_amount(const char* name, Datum numeric, const char* instead) {
    if (const char* problem = problem_of_amount(numeric)) {
        const std::string detail = shown(numeric); // before any other string: it calls PostgreSQL
        const std::string other = instead == nullptr ? "." : std::string(", or ") + instead + ".";
        throw Error(sqlstate::numeric_value_out_of_range, std::string(name) + " is " + problem, detail,
                    "Pass USD from 0 to below 10^9 with at most 40 decimals" + other);
    }
}

void check_price(const char* name, Datum numeric) {
    constexpr int price_decimals = 12;
    const bool fine = problem_of_amount(numeric) == nullptr &&
                      DatumGetInt32(DirectFunctionCall1(numeric_min_scale, numeric)) <= price_decimals;
    if (!fine) {
        const std::string detail = shown(numeric);
        throw Error(sqlstate::numeric_value_out_of_range, std::string(name) + " is out of range", detail,
                    "Pass USD per million from 0 to below 10^9 with at most 12 decimals.");
    }
}

void check_percent(const char* name, Datum numeric) {
    if (!is_finite(numeric) || is_less(numeric, 0) || is_more(numeric, 100) || has_many_decimals(numeric)) {
        const std::string detail = shown(numeric);
        throw Error(sqlstate::numeric_value_out_of_range, std::string(name) + " is out of range", detail,
                    "Pass a percentage from 0 to 100 with at most 40 decimals.");
    }
}

void check_object(const char* name, Datum jsonb) {
    const Jsonb* json = DatumGetJsonbP(jsonb);
    if (!JB_ROOT_IS_OBJECT(json)) {
        throw Error(sqlstate::invalid_parameter_value, std::string(name) + " must be an object",
                    JB_ROOT_IS_SCALAR(json) ? "It is a single value." : "It is an array.",
                    "Pass {\"name\": value, ...}; {} for none.");
    }
    check_json(name, jsonb);
}

void check_json(const char* name, Datum jsonb, std::size_t most_bytes) {
    Jsonb* json = DatumGetJsonbP(jsonb);
    if (VARSIZE(json) > most_bytes) {
        throw Error(sqlstate::invalid_parameter_value, std::string(name) + " is too large",
                    "It has " + counted(VARSIZE(json), "bytes as jsonb."),
                    "Pass at most " + counted(most_bytes, "bytes."));
    }
    const int levels = levels_of(json);
    if (levels > most_levels) {
        throw Error(sqlstate::invalid_parameter_value, std::string(name) + " is nested too deeply",
                    "It has " + counted(levels, "levels of arrays and objects."),
                    "Pass at most " + counted(most_levels, "levels."));
    }
}

} // namespace helix::pg
