// The trigger before a preference is written: what makes no sense is refused, and the database keeps id and times.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "preferences/preference_values.hpp"

namespace helix::preferences {

namespace {

using Row = pg::TriggerRow;

constexpr const char* tables[] = {"helix.user_operation_preferences", "helix.ui_theme_preferences"};
constexpr pg::TriggerRule rule{.function = "check_preference",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

// Checks the column's value, unless it is null or has been there before.
void check_column(const Row& row, const Row* before, const char* column, void (*check)(Datum)) {
    bool is_null = false;
    const Datum value = row.value(column, &is_null);
    if (!is_null && (before == nullptr || pg::differs(before->text(column), row.text(column)))) {
        check(value);
    }
}

void check_values(const Row& row, const Row* before) {
    if (row.has("operation_id")) {
        check_column(row, before, "operation_id", check_operation);
        check_column(row, before, "preferred_model", check_model);
        check_column(row, before, "default_parameters", check_parameters);
        check_column(row, before, "cost_budget_monthly", check_budget);
        return;
    }
    for (const char* column : theme_words()) {
        const char* word = row.text(column);
        if (word != nullptr) {
            check_theme_word(column, word);
        }
    }
}

void set_time(Row& row, const char* column) {
    row.set(column, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), false);
}

void keep(Row& row, const Row& before, const char* column) {
    bool is_null = false;
    const Datum value = before.value(column, &is_null);
    row.set(column, value, is_null);
}

bool is_changed(const Row& row, const Row& before) {
    for (int i = 0; i < row.columns->natts; ++i) {
        const char* column = NameStr(TupleDescAttr(row.columns, i)->attname);
        if (pg::differs(before.text(column), row.text(column))) {
            return true;
        }
    }
    return false;
}

HeapTuple checked_insert(const TriggerData& trigger) {
    Row row = pg::new_row(trigger);
    if (!pg::is_restored(row)) {
        check_values(row, nullptr);
        set_time(row, "created_at");
        set_time(row, "updated_at");
    }
    return row.tuple;
}

HeapTuple checked_update(const TriggerData& trigger) {
    Row row = pg::new_row(trigger);
    const Row before = pg::old_row(trigger);
    check_values(row, &before);
    for (const char* column : {"id", "created_at", "updated_at"}) {
        if (row.has(column)) {
            keep(row, before, column);
        }
    }
    if (is_changed(row, before)) {
        set_time(row, "updated_at");
    }
    return row.tuple;
}

} // namespace

HELIX_FUNCTION(helix_check_preference) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger.tg_event) ? checked_update(trigger)
                                                                     : checked_insert(trigger));
}

} // namespace helix::preferences
