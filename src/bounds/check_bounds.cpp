// The trigger of tables that clients write: each value that its arguments name keeps its bound.
#include "pg/prelude.hpp"

#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

#include <cstdlib>

namespace helix::bounds {

namespace {

constexpr pg::TriggerRule check_bounds{.function = "check_bounds",
                                       .timing = pg::Timing::before,
                                       .row_events = pg::on_insert | pg::on_update,
                                       .least_arguments = 1};

// What an argument says: "name text 200", "limit_usd amount", "usd_per_million price", "warn_percent percent",
// "parameters object", "payload json".
struct Bound {
    const char* column;
    std::string_view kind;
    int most; // of kind text alone
};

Bound parsed_bound(std::string_view argument) {
    const auto end_of_column = argument.find(' ');
    const auto end_of_kind = std::min(argument.find(' ', end_of_column + 1), argument.size());
    const auto kind = argument.substr(end_of_column + 1, end_of_kind - end_of_column - 1);
    const auto* most = argument.data() + std::min(end_of_kind + 1, argument.size()); // the argument ends with a zero
    return {pnstrdup(argument.data(), end_of_column), kind, static_cast<int>(strtol(most, nullptr, 10))};
}

struct Kind {
    std::string_view name;
    Oid type;
    void (*check)(const Bound&, Datum);
};

constexpr Kind kinds[] = {
    {"text", TEXTOID, [](const Bound& bound, Datum value) { pg::check_text(bound.column, value, bound.most); }},
    {"amount", NUMERICOID, [](const Bound& bound, Datum value) { pg::check_amount(bound.column, value); }},
    {"price", NUMERICOID, [](const Bound& bound, Datum value) { pg::check_price(bound.column, value); }},
    {"percent", NUMERICOID, [](const Bound& bound, Datum value) { pg::check_percent(bound.column, value); }},
    {"json", JSONBOID, [](const Bound& bound, Datum value) { pg::check_json(bound.column, value); }},
    {"object", JSONBOID, [](const Bound& bound, Datum value) { pg::check_object(bound.column, value); }},
};

const Kind& kind_of(const Bound& bound, const pg::TriggerRow& row) {
    for (const auto& kind : kinds) {
        if (kind.name == bound.kind && row.has(bound.column) &&
            SPI_gettypeid(row.columns, row.number(bound.column)) == kind.type) {
            return kind;
        }
    }
    ereport(ERROR,
            (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
             errmsg("check_bounds() cannot check a column of this table"), errdetail("It is \"%s\".", bound.column),
             errhint("Write the column's name and text with a number, amount, price, percent, json or object.")));
    pg_unreachable();
}

void check_row(const TriggerData& trigger) {
    const auto row = pg::new_row(trigger);
    for (int i = 0; i < trigger.tg_trigger->tgnargs; ++i) {
        const auto bound = parsed_bound(trigger.tg_trigger->tgargs[i]);
        const auto& kind = kind_of(bound, row);
        bool is_null = false;
        const Datum value = row.value(bound.column, &is_null);
        if (!is_null) {
            kind.check(bound, value);
        }
    }
}

} // namespace

HELIX_FUNCTION(helix_check_bounds) {
    const auto& trigger = pg::checked_trigger(fcinfo, check_bounds);
    check_row(trigger);
    return PointerGetDatum(pg::new_row(trigger).tuple);
}

} // namespace helix::bounds
