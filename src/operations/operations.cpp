// Each backend's copy of helix.operations, and the trigger that tells when a copy is old.
#include "pg/prelude.hpp"

#include "operations/operations.hpp"

#include "operations/prices.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"

#include <map>

extern "C" {
#include "utils/acl.h"
#include "utils/inval.h"
}

namespace helix::operations {

namespace {

constexpr const char* tables[] = {"helix.operations", "helix.model_prices", "helix.model_price_rates",
                                  "helix.model_aliases"};
constexpr pg::TriggerRule rule{.function = "operations_changed",
                               .timing = pg::Timing::after,
                               .statement_events = pg::on_insert | pg::on_update | pg::on_delete | pg::on_truncate,
                               .relations = tables};

// Every change of the table sends a relation-cache invalidation for it (operations_changed). It reaches all backends at
// commit, and this one at its next command. The counter then tells that the copy is old.
struct Copy {
    std::map<std::string, bool, std::less<>> operations; // id, whether it has a handler
    Oid table = InvalidOid;
    std::uint64_t read_at = 0;
};
Copy copy;
std::uint64_t changes = 1;

void mark_stale(Datum, Oid relation) {
    if (relation == InvalidOid || relation == copy.table) {
        ++changes;
    }
}

pg::Statement select_operations("SELECT operation_id, handler IS NOT NULL FROM helix.operations");
struct OperationRow {
    enum : int { operation_id = 1, has_handler };
};

void read_table() {
    const auto started_at = changes;
    copy.read_at = 0;
    copy.operations.clear(); // an error below leaves it to be read again
    copy.table = get_relname_relid("operations", get_namespace_oid("helix", false));
    pg::OwnerSpi spi;
    const auto rows = select_operations.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        copy.operations.emplace(pg::text_view(pg::column(row, OperationRow::operation_id)),
                                DatumGetBool(pg::column(row, OperationRow::has_handler)));
    }
    spi.finish();
    copy.read_at = started_at;
}

const Copy& current() {
    AcceptInvalidationMessages(); // also in the middle of a transaction
    if (copy.read_at != changes) {
        read_table();
    }
    return copy;
}

} // namespace

void initialize() {
    CacheRegisterRelcacheCallback(mark_stale, 0);
    initialize_prices();
}

bool has_operation(std::string_view operation_id) {
    return current().operations.contains(operation_id);
}

void check_operation(std::string_view operation_id) {
    if (!has_operation(operation_id)) {
        throw unknown_operation(operation_id);
    }
}

Error unknown_operation(std::string_view operation_id, const std::string& place) {
    return {sqlstate::undefined_object, "unknown operation", place + " \"" + std::string(operation_id) + "\".",
            "helix.operations lists the operations; add a row for a new one."};
}

bool has_handler(std::string_view operation_id) {
    const auto& operations = current().operations;
    const auto found = operations.find(operation_id);
    return found != operations.end() && found->second;
}

void refuse_superuser(std::string_view operation_id, const char* role) {
    const Oid id = get_role_oid(role, true);
    if (OidIsValid(id) && superuser_arg(id) && has_handler(operation_id)) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("a handler never runs as a superuser"),
                        errdetail("It would run as \"%s\".", role),
                        errhint("SET ROLE to a role with the rights that the handler needs, then repeat the call.")));
    }
}

HELIX_FUNCTION(helix_operations_changed) {
    CacheInvalidateRelcache(pg::checked_trigger(fcinfo, rule).tg_relation);
    return PointerGetDatum(nullptr);
}

} // namespace helix::operations
