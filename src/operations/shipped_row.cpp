// Rows that ship with helix give way to a DBA's own row of the same key, so that a dump restores over them.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"

extern "C" {
#include "executor/spi.h"
#include "lib/stringinfo.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"helix.operations", "helix.model_prices", "helix.webhook_schemes",
                                  "helix_internal.watermark"};
constexpr pg::TriggerRule rule{.function = "shipped_row",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables,
                               .arguments = pg::TriggerArguments::columns,
                               .least_arguments = 1};

// DELETE FROM table WHERE shipped AND key = new.key, for the key columns that the trigger names.
void delete_shipped(const TriggerData* trigger, HeapTuple own) {
    Relation table = trigger->tg_relation;
    TupleDesc columns = RelationGetDescr(table);
    const int keys = trigger->tg_trigger->tgnargs;
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * keys));
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * keys));
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(
        &sql, "DELETE FROM %s WHERE shipped",
        quote_qualified_identifier(get_namespace_name(RelationGetNamespace(table)), RelationGetRelationName(table)));
    for (int key = 0; key < keys; ++key) {
        const int number = SPI_fnumber(columns, trigger->tg_trigger->tgargs[key]);
        bool is_null = false;
        types[key] = SPI_gettypeid(columns, number);
        values[key] = SPI_getbinval(own, columns, number, &is_null);
        if (is_null) {
            return; // the NOT NULL constraint will say so
        }
        appendStringInfo(&sql, " AND %s = $%d", quote_identifier(trigger->tg_trigger->tgargs[key]), key + 1);
    }
    pg::OwnerSpi spi;
    SPIPlanPtr plan = SPI_prepare(sql.data, keys, types);
    // Foreign keys are looked at when the row that takes the place is there: with the statement that inserts it.
    constexpr bool fire_triggers = false;
    if (plan == nullptr ||
        SPI_execute_snapshot(plan, values, nullptr, InvalidSnapshot, InvalidSnapshot, false, fire_triggers, 0) < 0) {
        elog(ERROR, "could not replace the shipped row");
    }
    spi.finish();
}

} // namespace

HELIX_FUNCTION(helix_shipped_row) {
    const auto* trigger = &pg::checked_trigger(fcinfo, rule);
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    HeapTuple row = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
    int shipped = SPI_fnumber(RelationGetDescr(trigger->tg_relation), "shipped");
    Datum own = BoolGetDatum(false);
    bool is_null = false;
    row = heap_modify_tuple_by_cols(row, RelationGetDescr(trigger->tg_relation), 1, &shipped, &own, &is_null);
    if (!update) {
        delete_shipped(trigger, row);
    }
    return PointerGetDatum(row);
}

} // namespace helix::operations
