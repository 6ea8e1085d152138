// Each backend's copy of helix.operations and helix.model_prices, and the trigger that tells when it is old.
#include "pg/prelude.hpp"

#include "operations/operations.hpp"

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

constexpr const char* tables[] = {"helix.operations", "helix.model_prices"};
constexpr pg::TriggerRule rule{.function = "operations_changed",
                               .timing = pg::Timing::after,
                               .statement_events = pg::on_insert | pg::on_update | pg::on_delete | pg::on_truncate,
                               .relations = tables};

// Every change of the two tables sends a relation-cache invalidation for them (operations_changed). It reaches all
// backends at commit, and this one at its next command. The counter then tells that the copy is old.
struct Copy {
    std::map<std::string, bool, std::less<>> operations; // id, whether it has a handler
    PriceList prices;
    Oid operations_table = InvalidOid;
    Oid prices_table = InvalidOid;
    std::uint64_t read_at = 0;
};
Copy copy;
std::uint64_t changes = 1;

void mark_stale(Datum, Oid relation) {
    if (relation == InvalidOid || relation == copy.operations_table || relation == copy.prices_table) {
        ++changes;
    }
}

pg::Statement select_operations("SELECT operation_id, handler IS NOT NULL FROM helix.operations");
struct OperationRow {
    enum : int { operation_id = 1, has_handler };
};

pg::Statement select_prices(R"(
    SELECT provider, model, valid_from, input_usd_per_mtok::pg_catalog.text, cached_input_usd_per_mtok::pg_catalog.text,
           output_usd_per_mtok::pg_catalog.text
      FROM helix.model_prices)");
struct PriceRow {
    enum : int { provider = 1, model, valid_from, input, cached_input, output };
};

void read_tables() {
    const auto started_at = changes;
    copy.read_at = 0;
    copy.operations.clear();
    copy.prices.clear(); // an error below leaves it to be read again
    const Oid schema = get_namespace_oid("helix", false);
    copy.operations_table = get_relname_relid("operations", schema);
    copy.prices_table = get_relname_relid("model_prices", schema);
    pg::OwnerSpi spi;
    auto rows = select_operations.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        copy.operations.emplace(pg::text_view(pg::column(row, OperationRow::operation_id)),
                                DatumGetBool(pg::column(row, OperationRow::has_handler)));
    }
    rows = select_prices.execute_latest();
    for (std::uint64_t row = 0; row < rows; ++row) {
        const auto text = [row](int column) { return pg::text_view(pg::column(row, column)); };
        const Price price{.input = parse_micro_usd(text(PriceRow::input)),
                          .cached_input = parse_micro_usd(text(PriceRow::cached_input)),
                          .output = parse_micro_usd(text(PriceRow::output))};
        copy.prices.add(text(PriceRow::provider), text(PriceRow::model),
                        DatumGetTimestampTz(pg::column(row, PriceRow::valid_from)), price);
    }
    spi.finish();
    copy.read_at = started_at;
}

const Copy& current() {
    AcceptInvalidationMessages(); // also in the middle of a transaction
    if (copy.read_at != changes) {
        read_tables();
    }
    return copy;
}

} // namespace

void initialize() {
    CacheRegisterRelcacheCallback(mark_stale, 0);
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

const PriceList& prices() {
    return current().prices;
}

HELIX_FUNCTION(helix_operations_changed) {
    CacheInvalidateRelcache(pg::checked_trigger(fcinfo, rule).tg_relation);
    return PointerGetDatum(nullptr);
}

} // namespace helix::operations
