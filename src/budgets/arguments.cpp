#include "pg/prelude.hpp"

#include "budgets/arguments.hpp"

#include "operations/operations.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace helix::budgets {

namespace {

constexpr std::int64_t amounts_end_usd = 1'000'000'000;

bool is_less(Datum one, std::int64_t other) {
    return DatumGetBool(DirectFunctionCall2(numeric_lt, one, NumericGetDatum(int64_to_numeric(other))));
}

} // namespace

// NaN is larger than any number, so it is refused as too large.
Datum amount_argument(FunctionCallInfo fcinfo, int number, const char* name) {
    const Datum amount = pg::required(fcinfo, number, name);
    if (is_less(amount, 0) || !is_less(amount, amounts_end_usd)) {
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("%s is out of range", name),
                        errdetail("It is %s.", DatumGetCString(DirectFunctionCall1(numeric_out, amount))),
                        errhint("Pass USD from 0 to below 10^9.")));
    }
    return amount;
}

Datum operation_argument(FunctionCallInfo fcinfo, int number) {
    const Datum operation = pg::required(fcinfo, number, "p_operation_id");
    if (!operations::has_operation(pg::text_view(operation))) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("unknown operation"),
                        errdetail("It is \"%s\".", TextDatumGetCString(operation)),
                        errhint("helix.operations lists the operations; add a row for a new one.")));
    }
    return operation;
}

} // namespace helix::budgets
