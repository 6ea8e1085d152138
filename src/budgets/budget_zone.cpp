// The zone of a budget: the trigger that checks its name, and the clock that it stands for. SQL's own timezone() would
// take a name for an abbreviation first, as the session's settings say, and raise an error for an unknown one.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "pg/zones.hpp"

namespace helix::budgets {

namespace {

constexpr const char* tables[] = {"helix.budgets"};
constexpr pg::TriggerRule rule{.function = "check_time_zone",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

// The new row with its zone spelled as pg_timezone_names has it.
HeapTuple checked_row(const TriggerData& trigger) {
    pg::TriggerRow row = pg::new_row(trigger);
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    const char* zone = row.text("time_zone");
    const bool same = update && !pg::differs(pg::old_row(trigger).text("time_zone"), zone);
    const bool restored = !update && pg::is_restored(row);
    if (zone != nullptr && !same && !restored) {
        row.set_text("time_zone", pg::checked_zone(zone));
    }
    return row.tuple;
}

// Of local_time() and instant_of(): by_zone() of the arguments. Infinite times stay as they are.
template <typename F>
Datum convert(FunctionCallInfo fcinfo, F by_zone) {
    struct Argument {
        enum : int { time_zone, time };
    };
    const std::int64_t time = PG_GETARG_INT64(Argument::time);
    if (TIMESTAMP_NOT_FINITE(time)) {
        PG_RETURN_INT64(time);
    }
    const char* zone = TextDatumGetCString(PG_GETARG_DATUM(Argument::time_zone));
    PG_RETURN_INT64(by_zone(pg::zone_or_utc(zone), time));
}

} // namespace

HELIX_FUNCTION(helix_check_time_zone) {
    return PointerGetDatum(checked_row(pg::checked_trigger(fcinfo, rule)));
}

HELIX_FUNCTION(helix_local_time) {
    return convert(fcinfo, pg::local_time);
}

HELIX_FUNCTION(helix_instant_of) {
    return convert(fcinfo, pg::instant_of);
}

} // namespace helix::budgets
