// Reads plain values of JSON, and plain dates.
#include "pg/prelude.hpp"

#include "ledger/plain_values.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <charconv>

extern "C" {
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

// Short integers cost a fifth of numeric_in().
Numeric numeric_of(std::string_view text) {
    constexpr std::size_t surely_fits = 18;
    std::int64_t integer = 0;
    if (text.size() <= surely_fits && std::all_of(text.begin(), text.end(), is_digit)) {
        std::from_chars(text.data(), text.data() + text.size(), integer);
        return int64_to_numeric(integer);
    }
    return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(text.data(), text.size())),
                                               ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

} // namespace

JsonbValue plain_value(const PlainMember& member) {
    JsonbValue value{};
    switch (member.kind) {
    case PlainMember::Kind::null:
        value.type = jbvNull;
        break;
    case PlainMember::Kind::boolean:
        value.type = jbvBool;
        value.val.boolean = member.text == "true";
        break;
    case PlainMember::Kind::number:
        value.type = jbvNumeric;
        value.val.numeric = numeric_of(member.text);
        break;
    case PlainMember::Kind::string:
        value.type = jbvString;
        value.val.string.val = const_cast<char*>(member.text.data()); // which nobody changes
        value.val.string.len = static_cast<int>(member.text.size());
        break;
    }
    return value;
}

std::optional<DateADT> plain_date(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-dd";
    const auto fits = [](char place, char c) { return place == 'd' ? is_digit(c) : c == place; };
    if (!std::equal(form.begin(), form.end(), text.begin(), text.end(), fits)) {
        return std::nullopt;
    }
    const auto number = [text](std::size_t from, std::size_t count) {
        int value = 0;
        std::from_chars(text.data() + from, text.data() + from + count, value);
        return value;
    };
    const int year = number(0, 4);
    const int month = number(5, 2);
    const int day = number(8, 2);
    if (year == 0 || month < 1 || month > MONTHS_PER_YEAR || day < 1 || day > day_tab[isleap(year)][month - 1]) {
        return std::nullopt;
    }
    return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

} // namespace helix::ledger
