// helix.record_operation_execution: one execution per call.
#include "pg/prelude.hpp"

#include "ledger/arguments.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"

using namespace helix;

HELIX_FUNCTION(helix_record_operation_execution) {
    const TimestampTz now = GetCurrentTimestamp();
    const auto request = ledger::request_of([fcinfo](int number) {
        return PG_ARGISNULL(number) ? std::nullopt : std::optional<Datum>(PG_GETARG_DATUM(number));
    });
    const auto execution = ledger::resolve(request, now);
    ledger::Writer writer(now, 1);
    const std::int64_t id = writer.append(execution);
    writer.finish();
    PG_RETURN_INT64(id);
}
