// Rows that ship with helix give way to a DBA's own row of the same key, so that a dump restores over them.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

#include <map>
#include <string>

extern "C" {
#include "lib/stringinfo.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"helix.operations",        "helix.model_prices",      "helix.model_price_rates",
                                  "helix.model_aliases",     "helix.model_retirements", "helix.webhook_schemes",
                                  "helix_internal.watermark"};
constexpr pg::TriggerRule rule{.function = "shipped_row",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables,
                               .arguments = pg::TriggerArguments::columns,
                               .least_arguments = 1};

// One plan for each table and its key, as long as the session lasts: an import of prices inserts thousands of rows.
SPIPlanPtr kept_plan(const char* sql, int keys, Oid* types) {
    static std::map<std::string, SPIPlanPtr, std::less<>> plans;
    if (const auto found = plans.find(std::string_view(sql)); found != plans.end()) {
        return found->second;
    }
    SPIPlanPtr plan = SPI_prepare(sql, keys, types);
    if (plan == nullptr || SPI_keepplan(plan) != 0) {
        elog(ERROR, "could not prepare to replace shipped rows");
    }
    plans.emplace(sql, plan);
    return plan;
}

// DELETE FROM table WHERE shipped AND key = new.key, for the key columns that the trigger names.
void delete_shipped(const TriggerData& trigger, const pg::TriggerRow& own) {
    const int keys = trigger.tg_trigger->tgnargs;
    auto* types = static_cast<Oid*>(palloc(sizeof(Oid) * keys));
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * keys));
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "DELETE FROM %s WHERE shipped", pg::qualified_name(trigger.tg_relation));
    for (int key = 0; key < keys; ++key) {
        const char* column = trigger.tg_trigger->tgargs[key];
        bool is_null = false;
        types[key] = SPI_gettypeid(own.columns, own.number(column));
        values[key] = own.value(column, &is_null);
        if (is_null) {
            return; // the NOT NULL constraint will say so
        }
        appendStringInfo(&sql, " AND %s = $%d", quote_identifier(column), key + 1);
    }
    pg::OwnerSpi spi;
    SPIPlanPtr plan = kept_plan(sql.data, keys, types);
    // Foreign keys are checked once the new row is there: with the statement that inserts it.
    constexpr bool fire_triggers = false;
    if (SPI_execute_snapshot(plan, values, nullptr, InvalidSnapshot, InvalidSnapshot, false, fire_triggers, 0) < 0) {
        elog(ERROR, "could not replace the shipped row");
    }
    spi.finish();
}

} // namespace

HELIX_FUNCTION(helix_shipped_row) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    pg::TriggerRow own = pg::new_row(trigger);
    own.set("shipped", BoolGetDatum(false), false);
    if (TRIGGER_FIRED_BY_INSERT(trigger.tg_event)) {
        delete_shipped(trigger, own);
    }
    return PointerGetDatum(own.tuple);
}

} // namespace helix::operations
