#include "pg/prelude.hpp"

#include "budgets/budget_arguments.hpp"

#include "operations/operations.hpp"
#include "pg/bounds.hpp"
#include "pg/text.hpp"

namespace helix::budgets {

Datum amount_argument(FunctionCallInfo fcinfo, int number, const char* name) {
    const Datum amount = pg::required(fcinfo, number, name);
    pg::check_amount(name, amount);
    return amount;
}

Datum operation_argument(FunctionCallInfo fcinfo, int number) {
    const Datum operation = pg::required(fcinfo, number, "p_operation_id");
    operations::check_operation(pg::text_view(operation));
    return operation;
}

Datum metadata_argument(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number)) {
        return 0;
    }
    const Datum metadata = PG_GETARG_DATUM(number);
    pg::check_object("p_metadata", metadata);
    return metadata;
}

} // namespace helix::budgets
