// Looks up what is to be corrected.
#include "pg/prelude.hpp"

#include "ledger/corrected_execution.hpp"

#include "pg/jsonb.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace helix::ledger {

namespace {

// Only BRIN knows ids.
pg::Statement select_execution(R"(
    SELECT e.xid, e.recorded_at, e.user_id, e.operation_id, e.provider, e.model, e.date, e.occurred_at, e.success,
           e.corrects,
           (SELECT pg_catalog.jsonb_object_agg(m.key, m.value)
              FROM pg_catalog.jsonb_each(CASE WHEN pg_catalog.jsonb_typeof(e.metadata) = 'object' THEN e.metadata END) m
             WHERE pg_catalog.jsonb_typeof(m.value) IN ('string', 'number', 'boolean'))
      FROM helix_internal.executions e
     WHERE e.id = $1)",
                               {INT8OID});
struct Found {
    enum : int {
        xid = 1,
        recorded_at,
        user_id,
        operation_id,
        provider,
        model,
        date,
        occurred_at,
        success,
        corrects,
        scalars,
    };
};

// The execution itself is found again by the index on users: $2, $3, $4 are its user, transaction and time.
pg::Statement select_standing(R"(
    SELECT f.revision, f.pricing, f.final_cost_usd, (f.final_usage ->> 'input_tokens')::bigint,
           (f.final_usage ->> 'cached_input_tokens')::bigint, (f.final_usage ->> 'output_tokens')::bigint,
           f.final_usage -> 'usage', f.service_tier
      FROM helix_internal.executions f
     WHERE f.corrects = $1 AND f.revision IS NOT NULL
    UNION ALL
    SELECT 0, e.pricing, e.cost_usd, e.input_tokens, e.cached_input_tokens, e.output_tokens, e.usage, e.service_tier
      FROM helix_internal.executions e
     WHERE e.user_id = $2 AND e.xid = $3 AND e.recorded_at = $4 AND e.id = $1 AND e.corrects IS NULL
     ORDER BY 1 DESC
     LIMIT 1)",
                              {INT8OID, UUIDOID, INT8OID, TIMESTAMPTZOID});
struct StandingRow {
    enum : int { revision = 1, pricing, cost_usd, input, cached_input, output, types, service_tier };
};

std::string_view kept_text(int column) {
    return pg::text_view(pg::copied_value(pg::column(0, column)));
}

std::optional<std::int64_t> count_of(int column) {
    bool is_null = false;
    const Datum value = pg::column(0, column, &is_null);
    return is_null ? std::nullopt : std::optional<std::int64_t>(DatumGetInt64(value));
}

[[noreturn]] void refuse_unknown(std::int64_t id) {
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no such execution in the ledger"),
                    errdetail("Its id would be " INT64_FORMAT ".", id),
                    errhint("Pass the id that its recording returned, once that is committed. Executions are kept "
                            "for helix.ledger_retention.")));
    pg_unreachable();
}

void refuse_correction(std::int64_t id) {
    if (const auto corrects = count_of(Found::corrects)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the execution is a correction"),
                        *corrects == id
                            ? errdetail("Row " INT64_FORMAT " is an adjustment without an execution.", id)
                            : errdetail("Row " INT64_FORMAT " corrects execution " INT64_FORMAT ".", id, *corrects),
                        errhint("Pass the id of an execution: one whose \"corrects\" is null.")));
    }
}

} // namespace

Corrected find_corrected(std::int64_t id) {
    const Datum value = Int64GetDatum(id);
    if (select_execution.execute_latest(&value) == 0) {
        refuse_unknown(id);
    }
    refuse_correction(id);
    Corrected found{};
    found.id = id;
    found.xid = DatumGetInt64(pg::column(0, Found::xid));
    found.recorded_at = DatumGetTimestampTz(pg::column(0, Found::recorded_at));
    Execution& execution = found.execution;
    execution.user_id = *DatumGetUUIDP(pg::column(0, Found::user_id));
    execution.operation_id = kept_text(Found::operation_id);
    execution.provider = kept_text(Found::provider);
    execution.model = kept_text(Found::model);
    execution.date = DatumGetDateADT(pg::column(0, Found::date));
    execution.occurred_at = DatumGetTimestampTz(pg::column(0, Found::occurred_at));
    execution.success = DatumGetBool(pg::column(0, Found::success));
    bool is_null = false;
    const Datum scalars = pg::column(0, Found::scalars, &is_null);
    if (!is_null) {
        found.scalars = pg::copied_value(scalars);
    }
    return found;
}

std::optional<Datum> correction_metadata(std::optional<Datum> own, const Corrected& corrected) {
    return corrected.scalars ? pg::joined_jsonb(own, pg::jsonb_object("execution", *corrected.scalars)) : own;
}

Standing standing_of(const Corrected& corrected) {
    const Datum values[] = {Int64GetDatum(corrected.id), UUIDPGetDatum(&corrected.execution.user_id),
                            Int64GetDatum(corrected.xid), TimestampTzGetDatum(corrected.recorded_at)};
    if (select_standing.execute_latest(values) == 0) {
        refuse_unknown(corrected.id); // its user has been erased meanwhile
    }
    Standing standing{};
    standing.revision = DatumGetInt32(pg::column(0, StandingRow::revision));
    standing.pricing = static_cast<Pricing>(DatumGetChar(pg::column(0, StandingRow::pricing)));
    standing.cost_usd = pg::copied_value(pg::column(0, StandingRow::cost_usd));
    standing.columns = {count_of(StandingRow::input), count_of(StandingRow::cached_input),
                        count_of(StandingRow::output)};
    bool is_null = false;
    const Datum types = pg::column(0, StandingRow::types, &is_null);
    standing.types = is_null ? 0 : pg::copied_value(types);
    pg::column(0, StandingRow::service_tier, &is_null);
    if (!is_null) {
        standing.service_tier = kept_text(StandingRow::service_tier);
    }
    return standing;
}

} // namespace helix::ledger
