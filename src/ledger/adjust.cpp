// helix.adjust_cost: a credit, a refund, or the mending of a cost that was wrong.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/corrected_execution.hpp"
#include "ledger/correction_locks.hpp"
#include "ledger/writer.hpp"
#include "operations/operations.hpp"
#include "operations/prices.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

struct Argument {
    enum : int { user_id, operation_id, amount_usd, reason, occurred_at, execution_id };
};

// Its size is bounded as that of a cost.
Datum amount_argument(FunctionCallInfo fcinfo) {
    const Datum amount = pg::required(fcinfo, Argument::amount_usd, "p_amount_usd");
    pg::check_amount("p_amount_usd, without its sign,", DirectFunctionCall1(numeric_abs, amount));
    if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, amount, NumericGetDatum(int64_to_numeric(0)))) == 0) {
        throw Error(sqlstate::numeric_value_out_of_range, "p_amount_usd is 0", {},
                    "Pass what is to be added to the costs; less than 0 for a credit.");
    }
    return amount;
}

std::string_view reason_argument(FunctionCallInfo fcinfo) {
    const Datum reason = pg::required(fcinfo, Argument::reason, "p_reason", "Say why the cost is adjusted.");
    pg::check_text("p_reason", reason, pg::longest_reason);
    if (pg::text_view(reason).empty()) {
        throw Error(sqlstate::invalid_parameter_value, "p_reason must not be empty", {},
                    "Say why the cost is adjusted.");
    }
    return pg::text_view(reason);
}

// It counts as the execution does.
Execution row_of_execution(std::int64_t id, const pg_uuid_t& user, std::string_view operation) {
    lock_out_ends_of_erasures();
    pg::OwnerSpi spi;
    Corrected corrected = find_corrected(id);
    spi.finish();
    if (!pg::same_uuid(corrected.execution.user_id, user) || corrected.execution.operation_id != operation) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the execution is of another user or operation"),
                 errdetail("Its id is " INT64_FORMAT ".", id),
                 errhint("Pass the user and the operation that it was recorded for.")));
    }
    corrected.execution.metadata = correction_metadata(std::nullopt, corrected);
    return corrected.execution;
}

Execution row_without_execution(const Request& request, TimestampTz now) {
    Execution row{};
    operations::check_operation(*request.operation_id);
    row.user_id = *request.user_id;
    row.operation_id = *request.operation_id;
    row.provider = operations::unknown_name;
    row.model = operations::unknown_name;
    row.success = true;
    resolve_time(request, now, row);
    return row;
}

Execution row_of_arguments(FunctionCallInfo fcinfo, TimestampTz now) {
    Request request;
    request.user_id = *DatumGetUUIDP(pg::required(fcinfo, Argument::user_id, "p_user_id"));
    request.operation_id = pg::text_view(pg::required(fcinfo, Argument::operation_id, "p_operation_id"));
    callers::check_acts_for(*request.user_id);
    if (PG_ARGISNULL(Argument::execution_id)) {
        if (!PG_ARGISNULL(Argument::occurred_at)) {
            request.occurred_at = PG_GETARG_TIMESTAMPTZ(Argument::occurred_at);
        }
        return row_without_execution(request, now);
    }
    if (!PG_ARGISNULL(Argument::occurred_at)) {
        throw Error(sqlstate::invalid_parameter_value, "p_occurred_at and p_execution_id are both given", {},
                    "Pass one of them: an adjustment of an execution counts when that occurred.");
    }
    return row_of_execution(PG_GETARG_INT64(Argument::execution_id), *request.user_id, *request.operation_id);
}

} // namespace

HELIX_FUNCTION(helix_adjust_cost) {
    const TimestampTz now = GetCurrentTimestamp();
    Execution row = row_of_arguments(fcinfo, now);
    Correction correction{};
    correction.corrects = PG_ARGISNULL(Argument::execution_id) ? 0 : PG_GETARG_INT64(Argument::execution_id);
    row.cost_usd = amount_argument(fcinfo);
    correction.reason = reason_argument(fcinfo);
    row.pricing = Pricing::given;
    row.correction = &correction;
    Writer writer(now, 1);
    const std::int64_t id = writer.append(row);
    writer.finish();
    PG_RETURN_INT64(id);
}

} // namespace helix::ledger
