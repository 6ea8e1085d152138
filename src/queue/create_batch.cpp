// helix.create_batch.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "pg/bounds.hpp"
#include "pg/guard.hpp"
#include "pg/ids.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "queue/batch.hpp"
#include "queue/batch_plan.hpp"
#include "queue/enqueue.hpp"
#include "queue/queue_arguments.hpp"
#include "queue/queue_limits.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
}

namespace helix::queue {

namespace {

constexpr int longest_name = 200;

pg::Statement insert_batch("INSERT INTO helix_internal.operation_batches (id, user_id, name, batch_type, description, "
                           "priority, max_concurrency, max_cost_usd, run_as) "
                           "VALUES ($1, $2, $3, $4, COALESCE($5, ''), $6, $7, $8, $9)",
                           {UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, INT2OID, INT4OID, NUMERICOID, NAMEOID});
pg::Statement insert_operation("INSERT INTO helix_internal.batch_operations (id, batch_id, user_id, operation_id, "
                               "name, parameters, sequence_order, depends_on, unblocked) "
                               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8 IS NULL)",
                               {UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, JSONBOID, INT4OID, UUIDARRAYOID});

void check_type(Datum type) {
    for (const char* word : {"parallel", "sequential", "conditional"}) {
        if (pg::text_view(type) == word) {
            return;
        }
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown p_batch_type"),
                    errdetail("It is \"%s\".", TextDatumGetCString(type)),
                    errhint("Say parallel, sequential or conditional.")));
}

void check_name(Datum name) {
    const auto text = pg::text_view(name);
    const int length = pg_mbstrlen_with_len(text.data(), static_cast<int>(text.size()));
    if (length < 1 || length > longest_name) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("p_name must have 1 to %d characters", longest_name), errdetail("It has %d.", length)));
    }
}

void check_concurrency(FunctionCallInfo fcinfo, int number) {
    if (!PG_ARGISNULL(number)) {
        number_argument(fcinfo, number, "p_max_concurrency", 1, PG_INT32_MAX);
    }
}

void check_cost(FunctionCallInfo fcinfo, int number) {
    if (!PG_ARGISNULL(number)) {
        pg::check_amount("p_max_cost_usd", PG_GETARG_DATUM(number), "null for no limit");
    }
}

// The ids that an operation needs, from `next` on; 0 where it needs none. `next` moves on.
Datum needed_ids(const BatchPlan& plan, int operation, int& next) {
    const int first = next;
    while (next < plan.dependency_count && plan.dependencies[next].operation == operation) {
        ++next;
    }
    if (next == first) {
        return 0;
    }
    auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (next - first)));
    for (int i = first; i < next; ++i) {
        ids[i - first] = UUIDPGetDatum(&plan.operations[plan.dependencies[i].needs].id);
    }
    return PointerGetDatum(construct_array(ids, next - first, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

void insert_operations(const pg_uuid_t& batch, Datum user, const BatchPlan& plan) {
    int next = 0;
    for (int i = 0; i < plan.operation_count; ++i) {
        const auto& operation = plan.operations[i];
        const Datum needs = needed_ids(plan, i, next);
        pg::Values values;
        values.add_uuid(&operation.id).add_uuid(&batch).add(user).add(operation.operation_id);
        values.add(operation.name, operation.name == 0).add(operation.parameters).add(Int32GetDatum(i + 1));
        values.add(needs, needs == 0);
        insert_operation.execute(values.values(), values.letters());
    }
}

} // namespace

HELIX_FUNCTION(helix_create_batch) {
    const Datum user = pg::required(fcinfo, 0, "p_user_id");
    const Datum name = pg::required(fcinfo, 1, "p_name");
    const Datum type = pg::required(fcinfo, 2, "p_batch_type");
    const Datum operations = pg::required(fcinfo, 3, "p_operations");
    check_name(name);
    check_type(type);
    check_concurrency(fcinfo, 6);
    check_cost(fcinfo, 7);
    pg::check_text_argument(fcinfo, 4, "p_description", pg::longest_description);
    const auto rights = callers::rights();
    callers::check_acts_for(*DatumGetUUIDP(user));
    auto* batch = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    *batch = pg::fresh_id();
    pg::Values values;
    values.add_uuid(batch).add(user).add(name).add(type).add_argument(fcinfo, 4);
    const int priority = priority_argument(fcinfo, 5);
    check_priority(rights, priority);
    values.add(Int16GetDatum(static_cast<std::int16_t>(priority)));
    values.add_argument(fcinfo, 6).add_argument(fcinfo, 7);
    values.add(DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetUserId(), false))));
    pg::OwnerSpi spi;
    const auto plan = read_plan(operations);
    insert_batch.execute(values.values(), values.letters());
    insert_operations(*batch, user, plan);
    if (!PG_ARGISNULL(8) && PG_GETARG_BOOL(8)) {
        start(*batch, rights);
    }
    spi.finish();
    PG_RETURN_UUID_P(batch);
}

} // namespace helix::queue
