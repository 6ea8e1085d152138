// The triggers of relations whose rows are cached: they say which keys a changed row makes stale.
//
// They are triggers that fire always: logical replication's apply fires no others. COPY and cascades fire row triggers
// too. TRUNCATE fires a statement trigger.
#include "pg/prelude.hpp"

#include "cache/pending.hpp"
#include "core/cache/key_template.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"

namespace helix::cache {

namespace {

// On any table, since columns are looked up by name. It returns no row, so it must come after the change.
constexpr pg::TriggerRule rule{.function = "invalidate_cache",
                               .timing = pg::Timing::after,
                               .row_events = pg::on_insert | pg::on_update | pg::on_delete,
                               .statement_events = pg::on_insert | pg::on_update | pg::on_delete | pg::on_truncate,
                               .hint = "Use helix.invalidate_on_change()."};

struct ColumnText {
    bool exists;
    const char* text; // palloc'd; null on SQL null
};

ColumnText column_text(Relation relation, HeapTuple row, const char* column) {
    TupleDesc columns = RelationGetDescr(relation);
    const int number = SPI_fnumber(columns, column);
    return number == SPI_ERROR_NOATTRIBUTE ? ColumnText{false, nullptr}
                                           : ColumnText{true, SPI_getvalue(row, columns, number)};
}

void invalidate_row(Relation relation, HeapTuple row, const KeyTemplate& key) {
    std::vector<std::string_view> values;
    for (const auto& column : key.columns()) {
        const char* name = column.c_str();
        const auto value = pg::call([&] { return column_text(relation, row, name); });
        if (!value.exists) {
            return pending().add_pattern(key.pattern()); // renamed or dropped; the change must not fail for that
        }
        if (value.text == nullptr) {
            return; // a null names no key
        }
        values.emplace_back(value.text);
    }
    if (key.is_pattern()) {
        pending().add_pattern(key.expanded(values));
    } else {
        pending().add_key(key.expanded(values));
    }
}

void invalidate_change(const TriggerData& trigger) {
    for (int i = 0; i < trigger.tg_trigger->tgnargs; ++i) {
        const KeyTemplate key(trigger.tg_trigger->tgargs[i]);
        if (TRIGGER_FIRED_FOR_STATEMENT(trigger.tg_event)) {
            pending().add_pattern(key.pattern());
            continue;
        }
        invalidate_row(trigger.tg_relation, trigger.tg_trigtuple, key);
        if (TRIGGER_FIRED_BY_UPDATE(trigger.tg_event)) {
            invalidate_row(trigger.tg_relation, trigger.tg_newtuple, key); // its key may be another one now
        }
    }
}

} // namespace

HELIX_FUNCTION(helix_invalidate_cache) {
    invalidate_change(pg::checked_trigger(fcinfo, rule));
    return PointerGetDatum(nullptr);
}

} // namespace helix::cache
