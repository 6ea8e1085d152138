// helix.record_operation_execution: one execution per call.
#include "pg/prelude.hpp"

#include "ledger/recording.hpp"
#include "ledger/recording_parameters.hpp"
#include "ledger/writer.hpp"
#include "pg/guard.hpp"

namespace helix::ledger {

Recorded record(const Request& request) {
    const TimestampTz now = GetCurrentTimestamp();
    const auto execution = resolve(request, now);
    Writer writer(now, 1);
    const std::int64_t id = writer.append(execution);
    writer.finish();
    return {id, execution.cost_usd};
}

HELIX_FUNCTION(helix_record_operation_execution) {
    const auto request = request_of([fcinfo](int parameter) -> std::optional<Datum> {
        if (PG_ARGISNULL(parameter)) {
            return std::nullopt;
        }
        const Datum value = PG_GETARG_DATUM(parameter);
        return parameter == Parameter::latency_ms ? bigint_of(value) : value;
    });
    PG_RETURN_INT64(record(request).id);
}

} // namespace helix::ledger
