// helix.reprice: nothing else changes rows of the ledger. It changes the sums with them, in one transaction.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "ledger/adoption.hpp"
#include "ledger/correction_locks.hpp"
#include "ledger/price_changes.hpp"
#include "ledger/watermark.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/numeric.h"
}

namespace helix::ledger {

namespace {

struct Argument {
    enum : int { from, to, model };
};

pg::Statement select_retained_since(R"(
    SELECT pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC')
      FROM helix_internal.ledger_partitions p
     WHERE p.dropped_at IS NOT NULL)");

// The cost of what has a price again, and of what has more of one than before. $4, $5: the range. $6: the model or
// null.
const std::string reprice_text = price_change_statement(R"(
        SELECT s.partition, s.place, s.cost_usd AS old_cost, p.cost_usd AS new_cost,
               CASE WHEN p.complete THEN 'p' ELSE 'u' END::"char" AS new_pricing
          FROM helix_internal.standing_usage s
         CROSS JOIN LATERAL helix_internal.price_of(s.provider, s.model, s.occurred_at, s.input_tokens,
                                                    s.cached_input_tokens, s.output_tokens, s.usage, s.service_tier) p
         WHERE s.pricing <> 'g' AND s.occurred_at >= $4 AND s.occurred_at < $5 AND ($6 IS NULL OR s.model = $6)
           AND CASE WHEN p.complete THEN p.cost_usd <> s.cost_usd OR s.pricing = 'u'
                    ELSE p.cost_usd <> s.cost_usd AND s.pricing = 'u' END)");
pg::Statement reprice_statement(reprice_text.c_str(),
                                {INT8OID, INT8ARRAYOID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID});

void check_range(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(Argument::from) || PG_ARGISNULL(Argument::to)) {
        throw null_value("p_from and p_to", "Pass both bounds.");
    }
    if (PG_GETARG_TIMESTAMPTZ(Argument::to) <= PG_GETARG_TIMESTAMPTZ(Argument::from)) {
        throw Error(sqlstate::invalid_parameter_value, "p_to must be after p_from", {}, "Swap the bounds.");
    }
}

void check_retained(TimestampTz from) {
    bool none_dropped = false;
    select_retained_since.execute();
    const TimestampTz since = DatumGetTimestampTz(pg::only_column(0, &none_dropped));
    if (!none_dropped && from < since) {
        throw Error(sqlstate::invalid_parameter_value, "the ledger of that time has been dropped",
                    "Executions are kept since " + std::string(timestamptz_to_str(since)) + ".",
                    "Start there, or keep more with helix.ledger_retention.");
    }
}

// The results outlive SPI.
PriceChanges reprice(FunctionCallInfo fcinfo) {
    const auto watermark = lock_watermark(IfLocked::wait, Snapshot::latest);
    if (!watermark) {
        const Datum zero = pg::copied_value(NumericGetDatum(int64_to_numeric(0)));
        return {0, zero, zero};
    }
    pg::Values values;
    add_watermark(*watermark, values);
    for (const int number : {Argument::from, Argument::to, Argument::model}) {
        values.add_argument(fcinfo, number);
    }
    return change_prices(reprice_statement, values);
}

} // namespace

HELIX_FUNCTION(helix_reprice) {
    check_range(fcinfo);
    TupleDesc columns = pg::result_columns(fcinfo);
    ensure_watermark();
    lock_out_finalizations();
    pg::OwnerSpi spi;
    check_retained(PG_GETARG_TIMESTAMPTZ(Argument::from));
    const auto repriced = reprice(fcinfo);
    spi.finish();
    pg::Values row;
    row.add(Int64GetDatum(repriced.executions)).add(repriced.old_cost_usd).add(repriced.new_cost_usd);
    PG_RETURN_DATUM(row.row(columns));
}

} // namespace helix::ledger
