// What the dashboard may be narrowed to.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"

namespace helix::ledger {

HELIX_FUNCTION(helix_checked_filter) {
    struct Argument {
        enum : int { operation_id, model, provider, dimension_key, dimension_value };
    };
    const bool has_value = !PG_ARGISNULL(Argument::dimension_value);
    if (has_value && PG_ARGISNULL(Argument::dimension_key)) {
        throw Error(sqlstate::invalid_parameter_value, "p_dimension_value needs p_dimension_key",
                    "It is \"" + std::string(TextDatumGetCString(PG_GETARG_DATUM(Argument::dimension_value))) + "\".",
                    "Pass the key that the value belongs to too.");
    }
    for (const int other : {Argument::operation_id, Argument::model, Argument::provider}) {
        if (has_value && !PG_ARGISNULL(other)) {
            throw Error(sqlstate::invalid_parameter_value,
                        "a dimension cannot be narrowed to an operation, a model or a provider",
                        "The other one is \"" + std::string(TextDatumGetCString(PG_GETARG_DATUM(other))) + "\".",
                        "Dimensions have sums by day alone. Pass p_dimension_value or the others.");
        }
    }
    PG_RETURN_BOOL(true);
}

} // namespace helix::ledger
