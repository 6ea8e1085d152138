// helix.dismiss_recommendation() and implement_recommendation(): what a user does with a recommendation.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

namespace helix::analytics {

namespace {

pg::Statement select_user("SELECT user_id FROM helix.optimization_recommendations WHERE id = $1", {UUIDOID});

pg::Statement lock_answered(R"(
    SELECT status = 'implemented', suggested_action ->> 'table'
      FROM helix.optimization_recommendations
     WHERE id = $1
       FOR UPDATE)",
                            {UUIDOID});
struct Answered {
    enum : int { is_implemented = 1, table };
};

pg::Statement set_status(R"(
    UPDATE helix.optimization_recommendations SET status = $2 WHERE id = $1 AND status <> $2)",
                         {UUIDOID, TEXTOID});
pg::Statement select_row("SELECT r.* FROM helix.optimization_recommendations r WHERE r.id = $1", {UUIDOID});

// What the action does not name stays.
pg::Statement set_preference(R"(
    INSERT INTO helix.user_operation_preferences AS p
           (user_id, operation_id, preferred_model, default_parameters, cost_budget_monthly)
    SELECT r.user_id, r.operation_id, r.suggested_action #>> '{set,preferred_model}',
           COALESCE(r.suggested_action #> '{merge,default_parameters}', '{}'),
           (r.suggested_action #>> '{set,cost_budget_monthly}')::numeric
      FROM helix.optimization_recommendations r
     WHERE r.id = $1
        ON CONFLICT (user_id, operation_id) DO UPDATE
       SET preferred_model = COALESCE(excluded.preferred_model, p.preferred_model),
           default_parameters = p.default_parameters || excluded.default_parameters,
           cost_budget_monthly = COALESCE(excluded.cost_budget_monthly, p.cost_budget_monthly))",
                             {UUIDOID});

pg::Statement set_budget(R"(
    UPDATE helix.budgets b SET limit_usd = (r.suggested_action #>> '{set,limit_usd}')::numeric
      FROM helix.optimization_recommendations r
     WHERE r.id = $1 AND b.id = (r.suggested_action #>> '{where,id}')::uuid AND b.user_id = r.user_id)",
                         {UUIDOID});

[[noreturn]] void refuse_unknown(const char* what, const pg_uuid_t& id) {
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("%s", what),
                    errdetail("The recommendation is %s.", pg::uuid_text(id)),
                    errhint("Read helix.get_recommendations() again: they are found anew once a day.")));
}

// Locks the recommendation of a caller who may answer it. Callers are within an OwnerSpi.
void lock_for_answer(const callers::Rights& rights, const pg_uuid_t& id) {
    const Datum value = UUIDPGetDatum(&id);
    rights.check_may_use(select_user, &value, "recommendation", id);
    if (lock_answered.execute_latest(&value) == 0) {
        refuse_unknown("unknown recommendation", id);
    }
}

void apply(const pg_uuid_t& id, const char* table) {
    const Datum value = UUIDPGetDatum(&id);
    if (table == nullptr) {
        return; // only the user can do it
    }
    pg::Statement& change = strcmp(table, "helix.budgets") == 0 ? set_budget : set_preference;
    if (change.execute_latest(&value) == 0) {
        refuse_unknown("the budget of the recommendation is gone", id);
    }
}

Datum answered_row(FunctionCallInfo fcinfo, const pg_uuid_t& id, const char* status) {
    const Datum values[] = {UUIDPGetDatum(&id), CStringGetTextDatum(status)};
    set_status.execute_latest(values);
    select_row.execute_latest(values);
    return pg::copied_row(pg::result_columns(fcinfo));
}

} // namespace

HELIX_FUNCTION(helix_dismiss_recommendation) {
    const pg_uuid_t id = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_id"));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    lock_for_answer(rights, id);
    const Datum row = answered_row(fcinfo, id, "dismissed");
    spi.finish();
    return row;
}

HELIX_FUNCTION(helix_implement_recommendation) {
    const pg_uuid_t id = *DatumGetUUIDP(pg::required(fcinfo, 0, "p_id"));
    const auto rights = callers::rights();
    pg::OwnerSpi spi;
    lock_for_answer(rights, id);
    if (!DatumGetBool(pg::column(0, Answered::is_implemented))) {
        bool is_null = false;
        const Datum table = pg::column(0, Answered::table, &is_null);
        apply(id, is_null ? nullptr : TextDatumGetCString(table));
    }
    const Datum row = answered_row(fcinfo, id, "implemented");
    spi.finish();
    return row;
}

} // namespace helix::analytics
