// Owns: the bounds of values that users store, with one check for each kind. Any feature may use it. All throw Error
// with the value, or its size, and a hint. docs/limits.md lists where they hold.
#pragma once

#include "pg/prelude.hpp"

namespace helix::pg {

// 22001 where the text has more than `most` characters.
void check_text(const char* name, Datum text, int most);

// The same for an argument of an SQL function, which may be null.
inline void check_text_argument(FunctionCallInfo fcinfo, int number, const char* name, int most) {
    if (!PG_ARGISNULL(number)) {
        check_text(name, PG_GETARG_DATUM(number), most);
    }
}

// Characters of a worker's name, a person's reason and a description.
constexpr int longest_name = 200;
constexpr int longest_reason = 1000;
constexpr int longest_description = 2000;

// 22003 where the numeric is not USD from 0 to below 10^9 with at most 40 decimals. The hint adds `instead`, what else
// the caller may pass: "null for no limit".
void check_amount(const char* name, Datum numeric, const char* instead = nullptr);

// 22003 where the numeric is not USD per million from 0 to below 10^9 with at most 12 decimals but zeros.
void check_price(const char* name, Datum numeric);

// 22003 where the numeric is not from 0 to 100 with at most 40 decimals.
void check_percent(const char* name, Datum numeric);

// 22023 where the jsonb has more than `most_bytes` as it is stored, or more than 64 levels of arrays and objects.
constexpr std::size_t most_json_bytes = 65'536;
void check_json(const char* name, Datum jsonb, std::size_t most_bytes = most_json_bytes);

// The same for what has to be an object.
void check_object(const char* name, Datum jsonb);

} // namespace helix::pg
