// helix.get_cost_by_dimension and helix.forget_dimension.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "config.hpp"
#include "ledger/dimension_sums.hpp"
#include "ledger/dimensions.hpp"
#include "ledger/watermark.hpp"
#include "pg/guard.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

extern "C" {
#include "access/xlog.h"
#include "miscadmin.h"
}

#include <algorithm>

namespace helix::ledger {

namespace {

// Parameters are those of HELIX_DIMENSION_SUMS. $3, $4: moments of the first and the last UTC day. The key's own row
// comes also where nothing was spent; kind is null then.
pg::Statement select_sums(R"(
    WITH days AS (
        SELECT pg_catalog.timezone('UTC', $3)::date AS first, pg_catalog.timezone('UTC', $4)::date AS last),)" HELIX_DIMENSION_SUMS
                          R"(
    SELECT s.kind, CASE s.kind WHEN 'v' THEN s.value END,
           CASE s.kind WHEN 'v' THEN 'value' WHEN 'o' THEN 'other' ELSE 'without' END, s.executions, s.successes,
           pg_catalog.trim_scale(s.cost_usd), a.first, a.last, d.counted_since
      FROM helix_internal.dimensions d
     CROSS JOIN days a
      LEFT JOIN (SELECT u.kind, u.value, pg_catalog.sum(u.executions)::bigint AS executions,
                        pg_catalog.sum(u.successes)::bigint AS successes, pg_catalog.sum(u.cost_usd) AS cost_usd
                   FROM sums u
                  GROUP BY 1, 2) s ON true
     WHERE d.key = $1
     ORDER BY s.cost_usd DESC, s.kind, s.value)",
                          {TEXTOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT4OID});
struct Sums {
    enum : int { kind = 1, first_returned };
};

struct Argument {
    enum : int { key, first_day, end };
};

// Whose executions the caller may see. False: nobody's.
bool add_visible_user(pg::Values& values) {
    if (callers::acts_for_anyone()) {
        values.add_null();
        return true;
    }
    const auto user = callers::current_user();
    if (user) {
        values.add(pg::uuid_datum(*user));
    }
    return user.has_value();
}

void put_rows(ReturnSetInfo& result) {
    for (std::uint64_t row = 0; row < SPI_processed; ++row) {
        bool is_null = false;
        pg::column(row, Sums::kind, &is_null);
        if (is_null) {
            return;
        }
        pg::Values columns;
        for (int number = 0; number < result.setDesc->natts; ++number) {
            const Datum value = pg::column(row, Sums::first_returned + number, &is_null);
            columns.add(value, is_null);
        }
        tuplestore_putvalues(result.setResult, result.setDesc, columns.values(), columns.nulls());
    }
}

pg::Statement delete_key("DELETE FROM helix_internal.dimensions d WHERE d.key = $1", {TEXTOID});
pg::Statement delete_values("DELETE FROM helix_internal.dimension_values n WHERE n.key = $1", {TEXTOID});
pg::Statement delete_days(R"(
    WITH gone AS (DELETE FROM helix_internal.dimension_days x WHERE x.key = $1 RETURNING x.executions)
    SELECT coalesce(pg_catalog.sum(g.executions), 0)::bigint FROM gone g)",
                          {TEXTOID});

void check_not_in_setting(Datum key) {
    const auto name = pg::text_view(key);
    const bool is_named = std::ranges::count(config::list_of(config::dimensions), name) > 0;
    if (is_named) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("helix.dimensions names the key, so the next fold would count it again"),
                        errdetail("It is \"%s\".", TextDatumGetCString(key)),
                        errhint("Take it out of helix.dimensions and reload the configuration first.")));
    }
}

} // namespace

void refuse_unknown_dimension(Datum key) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the key is not a dimension"),
                    errdetail("It is \"%s\".", TextDatumGetCString(key)),
                    errhint("Name it in helix.dimensions. It is counted from the next fold on.")));
}

// The caller's rights are taken first: then it reads as the owner, so that nobody needs rights on values of others.
HELIX_FUNCTION(helix_cost_by_dimension) {
    const Datum key = pg::required(fcinfo, Argument::key, "p_key", "Pass a key of the metadata.");
    const TimestampTz end = DatumGetTimestampTz(pg::required(fcinfo, Argument::end, "p_end"));
    InitMaterializedSRF(fcinfo, 0);
    pg::Values values;
    values.add(key);
    if (!add_visible_user(values)) {
        return 0;
    }
    values.add(pg::required(fcinfo, Argument::first_day, "p_first_day"));
    values.add(TimestampTzGetDatum(TIMESTAMP_NOT_FINITE(end) ? end : end - 1));
    values.add(Int32GetDatum(most_named_values)).add(Int32GetDatum(longest_named_value));
    pg::OwnerSpi spi;
    pg::set_for_now("plan_cache_mode", "force_custom_plan"); // one user's plan is not that of all
    pg::set_for_now("jit", "off");
    if (select_sums.read(values.values(), values.letters()) == 0) {
        refuse_unknown_dimension(key);
    }
    put_rows(*reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
    spi.finish();
    return 0;
}

HELIX_FUNCTION(helix_forget_dimension) {
    const Datum key = pg::required(fcinfo, 0, "p_key");
    check_not_in_setting(key);
    PreventCommandIfReadOnly("forget_dimension()");
    pg::OwnerSpi spi;
    lock_watermark(IfLocked::wait, Snapshot::latest);
    if (delete_key.execute_latest(&key) == 0) {
        refuse_unknown_dimension(key);
    }
    delete_values.execute_latest(&key);
    delete_days.execute_latest(&key);
    const std::int64_t executions = DatumGetInt64(pg::only_column());
    spi.finish();
    PG_RETURN_INT64(executions);
}

} // namespace helix::ledger
