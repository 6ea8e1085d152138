// helix_internal.close_levels() and retire_levels(): do at once what the worker would do soon.
#include "pg/prelude.hpp"

#include "ledger/close.hpp"
#include "ledger/level_retention.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/times.hpp"
#include "pg/values.hpp"

namespace helix::ledger {

namespace {

TimestampTz checked_now(FunctionCallInfo fcinfo) {
    return pg::checked_time(DatumGetTimestampTz(pg::required(fcinfo, 0, "p_now")), "p_now");
}

} // namespace

HELIX_FUNCTION(helix_close_levels) {
    const TimestampTz now = checked_now(fcinfo);
    PreventCommandIfReadOnly("close_levels()");
    pg::OwnerSpi spi;
    const auto watermark = lock_watermark(IfLocked::wait);
    const TimestampTz closed = watermark && watermark->is_ours ? close_spans(*watermark, now) : DT_NOBEGIN;
    spi.finish();
    PG_RETURN_TIMESTAMPTZ(closed);
}

HELIX_FUNCTION(helix_retire_levels) {
    const TimestampTz now = checked_now(fcinfo);
    PreventCommandIfReadOnly("retire_levels()");
    pg::OwnerSpi spi;
    empty_old_minutes();
    turn_minutes(now);
    while (forget_quarters(now)) {
        CHECK_FOR_INTERRUPTS();
    }
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::ledger
