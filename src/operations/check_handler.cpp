// The trigger before an operation is written: who may name its handler, and which functions can be one.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"helix.operations"};
constexpr pg::TriggerRule rule{.function = "check_handler",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

// A handler runs with the rights of everyone who queues the operation.
void check_setter() {
    if (!superuser()) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to set a handler"),
                        errdetail("A handler runs with the rights of everyone who queues the operation."),
                        errhint("Let a superuser set helix.operations.handler.")));
    }
}

void refuse(Oid function, const char* what) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the function cannot be a handler"),
                    errdetail("%s %s.", format_procedure(function), what),
                    errhint("Declare it as function(execution uuid, payload jsonb) RETURNS jsonb in a schema.")));
}

void check_function(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple)) {
        return; // the function is gone, and the operation's executions will say so
    }
    const auto* definition = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const bool temporary = isAnyTempNamespace(definition->pronamespace);
    const bool takes_both = definition->pronargs == 2 && definition->proargtypes.values[0] == UUIDOID &&
                            definition->proargtypes.values[1] == JSONBOID;
    const bool plain = definition->prokind == PROKIND_FUNCTION;
    ReleaseSysCache(tuple);
    if (temporary) {
        refuse(function, "is in a session's temporary schema");
    }
    if (!takes_both || !plain) {
        refuse(function, "is not a function of (uuid, jsonb)");
    }
}

void check(const TriggerData& trigger) {
    const auto row = pg::new_row(trigger);
    const char* handler = row.text("handler");
    const bool update = TRIGGER_FIRED_BY_UPDATE(trigger.tg_event);
    const bool unchanged = update && !pg::differs(pg::old_row(trigger).text("handler"), handler);
    if (unchanged || (!update && handler == nullptr)) {
        return;
    }
    check_setter();
    bool is_null = false;
    const Datum function = row.value("handler", &is_null);
    if (!is_null) {
        check_function(DatumGetObjectId(function));
    }
}

} // namespace

HELIX_FUNCTION(helix_check_handler) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    check(trigger);
    return PointerGetDatum(pg::new_row(trigger).tuple);
}

} // namespace helix::operations
