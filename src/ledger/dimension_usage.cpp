// The dashboard's reads of dimensions: which keys there are, and what a user spent by the values of one.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"
#include "ledger/dimension_sums.hpp"
#include "ledger/dimensions.hpp"
#include "pg/guard.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

namespace helix::ledger {

namespace {

// Parameters are those of HELIX_DIMENSION_SUMS. $3, $4: the first and the last UTC day. The key's own row comes also
// where nothing was spent; day is null then.
pg::Statement select_usage(R"(
    WITH days AS (SELECT $3 AS first, $4 AS last),)" HELIX_DIMENSION_SUMS R"(
    SELECT s.day, CASE s.kind WHEN 'v' THEN s.value END,
           CASE s.kind WHEN 'v' THEN 'value' WHEN 'o' THEN 'other' ELSE 'without' END, s.executions, s.successes, s.cost_usd,
           d.counted_since
      FROM helix_internal.dimensions d
      LEFT JOIN (SELECT u.day, u.kind, u.value, pg_catalog.sum(u.executions)::bigint AS executions,
                        pg_catalog.sum(u.successes)::bigint AS successes, pg_catalog.sum(u.cost_usd) AS cost_usd
                   FROM sums u
                  GROUP BY 1, 2, 3) s ON true
     WHERE d.key = $1)",
                           {TEXTOID, UUIDOID, DATEOID, DATEOID, INT4OID, INT4OID});

pg::Statement select_keys(R"(
    SELECT coalesce(pg_catalog.array_agg(d.key ORDER BY d.key COLLATE "C"), '{}') FROM helix_internal.dimensions d)",
                          {});

} // namespace

// The caller's rights are taken first: then it reads as the owner, so that nobody needs rights on values of others.
HELIX_FUNCTION(helix_dimension_usage) {
    struct Argument {
        enum : int { user_id, key, first, last };
    };
    const Datum user = pg::required(fcinfo, Argument::user_id, "p_user_id");
    callers::check_acts_for(*DatumGetUUIDP(user));
    const Datum key = pg::required(fcinfo, Argument::key, "p_key", "Pass a key of the metadata.");
    pg::Values values;
    values.add(key).add(user);
    values.add(pg::required(fcinfo, Argument::first, "p_first")).add(pg::required(fcinfo, Argument::last, "p_last"));
    values.add(Int32GetDatum(most_named_values)).add(Int32GetDatum(longest_named_value));
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::OwnerSpi spi;
    pg::set_for_now("plan_cache_mode", "force_custom_plan"); // one user's plan is not that of all
    pg::set_for_now("jit", "off");
    const auto rows = select_usage.read(values.values(), values.letters());
    if (rows == 0) {
        refuse_unknown_dimension(key);
    }
    for (std::uint64_t row = 0; row < rows; ++row) {
        pg::Values columns;
        for (int number = 1; number <= result->setDesc->natts; ++number) {
            bool is_null = false;
            const Datum value = pg::column(row, number, &is_null);
            columns.add(value, is_null);
        }
        tuplestore_putvalues(result->setResult, result->setDesc, columns.values(), columns.nulls());
    }
    spi.finish();
    return 0;
}

HELIX_FUNCTION(helix_dimension_keys) {
    pg::OwnerSpi spi;
    select_keys.read(nullptr);
    const Datum keys = pg::copied_value(pg::only_column());
    spi.finish();
    PG_RETURN_DATUM(keys);
}

} // namespace helix::ledger
