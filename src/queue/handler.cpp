// Claims an execution of an operation with a handler, calls the handler, and reports the outcome.
#include "pg/prelude.hpp"

#include "queue/handler.hpp"

#include "config.hpp"
#include "pg/guard.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "queue/claim_take.hpp"
#include "queue/running_handlers.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/acl.h"
#include "utils/json.h"
#include "utils/timeout.h"
}

namespace helix::queue {

namespace {

constexpr std::int64_t lease_margin_us = 30 * USECS_PER_SEC;

pg::Statement select_handled(R"(
    SELECT pg_catalog.array_agg(operation_id)
      FROM helix.operations
     WHERE handler IS NOT NULL)");

pg::Statement claim(R"(
    SELECT c.execution_id, c.user_id, c.fencing_token, c.payload, q.run_as, o.handler::pg_catalog.oid
      FROM helix.claim_executions('helix executor', 1, $1, $2) c
      JOIN helix_internal.queue q ON q.id = c.execution_id
      JOIN helix.operations o ON o.operation_id = c.operation_id)",
                    {INTERVALOID, TEXTARRAYOID});
struct Claimed {
    enum : int { execution_id = 1, user_id, fencing_token, payload, run_as, handler };
};

pg::Statement complete(R"(
    SELECT helix.complete_execution($1, 'success', $2, ($2 ->> 'cost_usd')::pg_catalog.numeric, $3, $4))",
                       {UUIDOID, JSONBOID, INT4OID, INT8OID});

pg::Statement fail("SELECT helix.fail_execution($1, $2, $3)", {UUIDOID, TEXTOID, INT8OID});

// Switches to the role and its user until the transaction ends. What the handler starts may not switch back.
void become(const ClaimedJob& job) {
    const Oid role = get_role_oid(job.run_as, true);
    if (!OidIsValid(role)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the role of the execution is gone"),
                        errdetail("It was \"%s\".", job.run_as)));
    }
    if (superuser_arg(role)) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("a handler never runs as a superuser"),
                        errdetail("It would run as \"%s\".", job.run_as)));
    }
    SetUserIdAndSecContext(role, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    const char* user = pg::uuid_text(job.user_id);
    StringInfoData claims;
    initStringInfo(&claims);
    appendStringInfo(&claims, "{\"sub\": \"%s\", \"role\": ", user);
    escape_json(&claims, job.run_as);
    appendStringInfoChar(&claims, '}');
    pg::set_for_now("helix.user_id", user);
    pg::set_for_now("request.jwt.claims", claims.data); // as PostgREST does: the application's policies read it
}

const char* statement_of(Oid handler) {
    const char* name = get_func_name(handler);
    if (name == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION), errmsg("the operation's handler is gone"),
                        errhint("Set helix.operations.handler anew.")));
    }
    if (isAnyTempNamespace(get_func_namespace(handler))) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION), errmsg("a handler must not be temporary"),
                        errhint("Set helix.operations.handler to a function in a schema.")));
    }
    return psprintf("SELECT %s($1, $2)",
                    quote_qualified_identifier(get_namespace_name(get_func_namespace(handler)), name));
}

// The handler's result in memory that outlives the connection; 0 for null.
Datum call_handler(const ClaimedJob& job) {
    Oid types[] = {UUIDOID, JSONBOID};
    Datum values[] = {UUIDPGetDatum(&job.id), job.payload};
    const char nulls[] = {' ', job.payload == 0 ? 'n' : ' '};
    if (SPI_execute_with_args(statement_of(job.handler), 2, types, values, nulls, false, 0) != SPI_OK_SELECT ||
        SPI_processed != 1 || SPI_gettypeid(SPI_tuptable->tupdesc, 1) != JSONBOID) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION), errmsg("a handler must return one jsonb"),
                        errhint("Declare it as function(execution uuid, payload jsonb) RETURNS jsonb.")));
    }
    bool is_null = false;
    const Datum result = pg::only_column(0, &is_null);
    return is_null ? 0 : pg::copied_value(result);
}

Datum call_as_its_role(const ClaimedJob& job) {
    Oid own_role = InvalidOid;
    int own_context = 0;
    GetUserIdAndSecContext(&own_role, &own_context);
    const int nesting = NewGUCNestLevel();
    pg::connect_spi();
    become(job);
    begin_interruptible();
    enable_timeout_after(STATEMENT_TIMEOUT, config::handler_timeout_s * 1000);
    const Datum result = call_handler(job);
    disable_timeout(STATEMENT_TIMEOUT, false);
    end_interruptible();
    SPI_finish();
    AtEOXact_GUC(false, nesting); // the handler's own settings end here
    SetUserIdAndSecContext(own_role, own_context);
    return result;
}

HandledOperations handled;

// The array of the operations with handlers; 0 where there is none.
Datum read_handled() {
    bool none = false;
    select_handled.execute();
    const Datum operations = pg::only_column(0, &none);
    const auto wanted = none ? WantedOperations{} : wanted_operations(operations);
    handled.count = wanted.count;
    std::copy_n(wanted.keys, std::min(wanted.count, most_awaited), handled.keys);
    return none ? 0 : operations;
}

} // namespace

const HandledOperations& handled_operations() {
    return handled;
}

const ClaimedJob* claim_job() {
    auto* job = static_cast<ClaimedJob*>(palloc0(sizeof(ClaimedJob)));
    auto* lease = static_cast<Interval*>(palloc0(sizeof(Interval)));
    lease->time = config::handler_timeout_s * USECS_PER_SEC + lease_margin_us;
    const MemoryContext memory = CurrentMemoryContext;
    pg::OwnerSpi spi;
    const Datum values[] = {IntervalPGetDatum(lease), read_handled()};
    const bool found = values[1] != 0 && claim.execute(values) > 0;
    if (found) {
        bool no_payload = false;
        job->id = *DatumGetUUIDP(pg::column(0, Claimed::execution_id));
        job->user_id = *DatumGetUUIDP(pg::column(0, Claimed::user_id));
        job->token = DatumGetInt64(pg::column(0, Claimed::fencing_token));
        const Datum payload = pg::column(0, Claimed::payload, &no_payload);
        job->payload = no_payload ? 0 : pg::copied_value(payload);
        job->run_as = MemoryContextStrdup(memory, NameStr(*DatumGetName(pg::column(0, Claimed::run_as))));
        job->handler = DatumGetObjectId(pg::column(0, Claimed::handler));
    }
    spi.finish();
    return found ? job : nullptr;
}

void run_handler(const ClaimedJob& job) {
    const TimestampTz began = GetCurrentTimestamp();
    const Datum result = call_as_its_role(job);
    const auto took_ms = static_cast<std::int32_t>((GetCurrentTimestamp() - began) / 1000);
    pg::Values values;
    values.add_uuid(&job.id).add(result, result == 0).add(Int32GetDatum(took_ms)).add(Int64GetDatum(job.token));
    pg::OwnerSpi spi;
    complete.execute(values.values(), values.letters());
    spi.finish();
}

void report_failure(const ClaimedJob& job, const char* error) {
    pg::Values values;
    values.add_uuid(&job.id).add_text(error).add(Int64GetDatum(job.token));
    pg::OwnerSpi spi;
    fail.execute(values.values(), values.letters());
    spi.finish();
}

} // namespace helix::queue
