// The trigger after a row of a table that clients write: no user has more rows there than a setting says.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

#include <cstdlib>

extern "C" {
#include "utils/acl.h"
}

namespace helix::bounds {

namespace {

constexpr const char* tables[] = {"helix.budgets", "helix.user_operation_preferences", "helix.budget_group_members"};
constexpr pg::TriggerRule check_row_count{.function = "check_row_count",
                                          .timing = pg::Timing::after,
                                          .row_events = pg::on_insert | pg::on_update,
                                          .relations = tables,
                                          .least_arguments = 1};
constexpr int setting_argument = 0; // the only one

// Whether the user has more rows than `most`. The rows of this statement count, and those that others have committed.
bool has_more(Relation table, Datum user, std::int64_t most) {
    Oid types[] = {UUIDOID, INT8OID};
    Datum values[] = {user, Int64GetDatum(most + 1)};
    pg::OwnerSpi spi;
    SPIPlanPtr plan = SPI_prepare(psprintf("SELECT FROM %s WHERE user_id = $1 LIMIT $2", pg::qualified_name(table)),
                                  lengthof(types), types);
    if (plan == nullptr || SPI_execute_plan(plan, values, nullptr, false, 0) < 0) {
        elog(ERROR, "could not count the rows of a user");
    }
    const bool more = SPI_processed > static_cast<std::uint64_t>(most);
    spi.finish();
    return more;
}

void check(const TriggerData& trigger) {
    bool is_null = false;
    const Datum user = pg::new_row(trigger).value("user_id", &is_null);
    const char* const setting = trigger.tg_trigger->tgargs[setting_argument];
    const long most = strtol(GetConfigOption(setting, false, false), nullptr, 10);
    // The owner restores dumps, which may come from a server with another setting.
    if (is_null || has_privs_of_role(GetOuterUserId(), pg::extension_owner()) ||
        !has_more(trigger.tg_relation, user, most)) {
        return;
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("too many rows of one user in %s", pg::qualified_name(trigger.tg_relation)),
                    errdetail("There would be more than %ld.", most),
                    errhint("Delete what is no longer needed, or raise %s.", setting)));
}

} // namespace

HELIX_FUNCTION(helix_check_row_count) {
    check(pg::checked_trigger(fcinfo, check_row_count));
    return PointerGetDatum(nullptr);
}

} // namespace helix::bounds
