// helix.record_operation_executions: a JSON array of executions, all or nothing.
#include "pg/prelude.hpp"

#include "ledger/json_executions.hpp"
#include "ledger/writer.hpp"
#include "pg/catch_error.hpp"

extern "C" {
#include "utils/array.h"
}

namespace helix::ledger {

namespace {

void record_all(const JsonExecutions& executions, Datum* ids, pg::JsonPlace& place) {
    const TimestampTz now = GetCurrentTimestamp();
    Writer writer(now, executions.count());
    for (place.element = 0; place.element < executions.count(); ++place.element) {
        const auto execution = resolve(executions.read(place), now);
        ids[place.element] = Int64GetDatum(writer.append(execution));
    }
    writer.finish();
}

} // namespace

HELIX_FUNCTION(helix_record_operation_executions) {
    const auto executions = JsonExecutions::from_argument(fcinfo);
    if (executions.count() == 0) {
        PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
    }
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * executions.count()));
    pg::JsonPlace place;
    if (ErrorData* error = pg::catch_error([&] { record_all(executions, ids, place); })) {
        ReThrowError(pg::located(error, place));
    }
    PG_RETURN_ARRAYTYPE_P(
        construct_array(ids, executions.count(), INT8OID, sizeof(std::int64_t), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

} // namespace helix::ledger
