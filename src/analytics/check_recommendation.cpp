// The trigger before a recommendation's status changes: the database says when that was.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

extern "C" {
#include "access/xact.h"
}

namespace helix::analytics {

namespace {

constexpr const char* tables[] = {"helix.optimization_recommendations"};
constexpr pg::TriggerRule rule{
    .function = "check_recommendation", .timing = pg::Timing::before, .row_events = pg::on_update, .relations = tables};

constexpr std::string_view statuses[] = {"active", "dismissed", "implemented"};

void check_status(const char* status) {
    if (status != nullptr && std::find(std::begin(statuses), std::end(statuses), status) == std::end(statuses)) {
        throw Error(sqlstate::invalid_parameter_value, "unknown status", "It is \"" + std::string(status) + "\".",
                    "Pass active, dismissed or implemented.");
    }
}

// Null while the status is another one.
void set_time(pg::TriggerRow& row, const char* column, bool is_now) {
    row.set(column, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()), !is_now);
}

HeapTuple checked(const TriggerData& trigger) {
    pg::TriggerRow row = pg::new_row(trigger);
    const char* status = row.text("status");
    check_status(status);
    if (status != nullptr && pg::differs(status, pg::old_row(trigger).text("status"))) {
        set_time(row, "dismissed_at", strcmp(status, "dismissed") == 0);
        set_time(row, "implemented_at", strcmp(status, "implemented") == 0);
        set_time(row, "updated_at", true);
    }
    return row.tuple;
}

} // namespace

HELIX_FUNCTION(helix_check_recommendation) {
    return PointerGetDatum(checked(pg::checked_trigger(fcinfo, rule)));
}

} // namespace helix::analytics
