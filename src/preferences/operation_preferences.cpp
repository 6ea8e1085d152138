// helix.set_operation_preference and bulk_update_operation_preferences: one upsert, however many.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"
#include "preferences/bulk_updates.hpp"
#include "preferences/preference_values.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace helix::preferences {

namespace {

// $2 has an object of fields for each operation. Its keys come in an order of their own, the same for everyone, so that
// two sessions never wait for each other's rows.
pg::Statement upsert(R"(
    INSERT INTO helix.user_operation_preferences AS p
           (user_id, operation_id, preferred_model, enabled, default_parameters, cost_budget_monthly)
    SELECT $1, u.key, u.value ->> 'preferred_model', COALESCE((u.value ->> 'enabled')::boolean, true),
           COALESCE(NULLIF(u.value -> 'default_parameters', 'null'), '{}'),
           (u.value ->> 'cost_budget_monthly')::numeric
      FROM pg_catalog.jsonb_each($2) u
    ON CONFLICT (user_id, operation_id) DO UPDATE SET
           preferred_model = CASE WHEN ($2 -> p.operation_id) ? 'preferred_model'
                                  THEN EXCLUDED.preferred_model ELSE p.preferred_model END,
           enabled = CASE WHEN ($2 -> p.operation_id) ? 'enabled' THEN EXCLUDED.enabled ELSE p.enabled END,
           default_parameters = CASE WHEN ($2 -> p.operation_id) ? 'default_parameters'
                                     THEN EXCLUDED.default_parameters ELSE p.default_parameters END,
           cost_budget_monthly = CASE WHEN ($2 -> p.operation_id) ? 'cost_budget_monthly'
                                      THEN EXCLUDED.cost_budget_monthly ELSE p.cost_budget_monthly END
    RETURNING p.*)",
                     {UUIDOID, JSONBOID});

// Of set_operation_preference().
struct Argument {
    enum : int { user_id, operation_id, preferred_model, enabled, default_parameters, cost_budget_monthly };
};

// Of bulk_update_operation_preferences().
struct BulkArgument {
    enum : int { user_id, updates };
};

// Executes it; the rows as stored are in SPI_tuptable.
std::uint64_t store(Datum user, Datum updates) {
    const Datum values[] = {user, updates};
    return upsert.execute(values);
}

void add_field(JsonbParseState** state, const char* name, JsonbValue* value) {
    JsonbValue key{};
    key.type = jbvString;
    key.val.string.val = const_cast<char*>(name);
    key.val.string.len = static_cast<int>(strlen(name));
    pushJsonbValue(state, WJB_KEY, &key);
    pushJsonbValue(state, WJB_VALUE, value);
}

JsonbValue text_value(Datum text_datum) {
    JsonbValue value{};
    value.type = jbvString;
    value.val.string.val = TextDatumGetCString(text_datum);
    value.val.string.len = static_cast<int>(strlen(value.val.string.val));
    return value;
}

// The arguments of set_operation_preference that are not null, checked, as store() wants them.
Datum given_fields(FunctionCallInfo fcinfo, Datum operation) {
    JsonbParseState* state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    JsonbValue value = text_value(operation);
    pushJsonbValue(&state, WJB_KEY, &value);
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    if (!PG_ARGISNULL(Argument::preferred_model)) {
        check_model(PG_GETARG_DATUM(Argument::preferred_model));
        value = text_value(PG_GETARG_DATUM(Argument::preferred_model));
        add_field(&state, "preferred_model", &value);
    }
    if (!PG_ARGISNULL(Argument::enabled)) {
        value.type = jbvBool;
        value.val.boolean = PG_GETARG_BOOL(Argument::enabled);
        add_field(&state, "enabled", &value);
    }
    if (!PG_ARGISNULL(Argument::default_parameters)) {
        check_parameters(PG_GETARG_DATUM(Argument::default_parameters));
        JsonbToJsonbValue(PG_GETARG_JSONB_P(Argument::default_parameters), &value);
        add_field(&state, "default_parameters", &value);
    }
    if (!PG_ARGISNULL(Argument::cost_budget_monthly)) {
        check_budget(PG_GETARG_DATUM(Argument::cost_budget_monthly));
        value.type = jbvNumeric;
        value.val.numeric = PG_GETARG_NUMERIC(Argument::cost_budget_monthly);
        add_field(&state, "cost_budget_monthly", &value);
    }
    pushJsonbValue(&state, WJB_END_OBJECT, nullptr);
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

} // namespace

HELIX_FUNCTION(helix_set_operation_preference) {
    const Datum user = pg::required(fcinfo, Argument::user_id, "p_user_id");
    const Datum operation = pg::required(fcinfo, Argument::operation_id, "p_operation_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    check_operation(operation);
    const Datum fields = given_fields(fcinfo, operation);
    TupleDesc columns = pg::result_columns(fcinfo);
    pg::OwnerSpi spi;
    store(user, fields);
    const Datum row = pg::copied_row(columns);
    spi.finish();
    PG_RETURN_DATUM(row);
}

HELIX_FUNCTION(helix_bulk_update_operation_preferences) {
    const Datum user = pg::required(fcinfo, BulkArgument::user_id, "p_user_id");
    const Datum given = pg::required(fcinfo, BulkArgument::updates, "p_updates");
    callers::check_acts_for(*DatumGetUUIDP(user));
    const Datum updates = read_updates(given);
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    const auto count = store(user, updates);
    for (std::uint64_t row = 0; row < count; ++row) {
        tuplestore_puttuple(result->setResult, SPI_tuptable->vals[row]);
    }
    spi.finish();
    return Datum{0};
}

} // namespace helix::preferences
