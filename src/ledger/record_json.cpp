// helix.record_operation_executions: a JSON array of executions, all or nothing.
#include "pg/prelude.hpp"

#include "ledger/json_executions.hpp"
#include "ledger/record_all.hpp"

namespace helix::ledger {

HELIX_FUNCTION(helix_record_operation_executions) {
    const auto executions = JsonExecutions::from_argument(fcinfo);
    return record_all(executions.count(), [&executions](pg::JsonPlace& place) { return executions.read(place); });
}

} // namespace helix::ledger
