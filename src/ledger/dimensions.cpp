// Folds the ledger into sums by dimension.
#include "pg/prelude.hpp"

#include "ledger/dimensions.hpp"

#include "config.hpp"
#include "ledger/fold_planning.hpp"
#include "pg/relations.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_type_d.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
}

#include <string>

namespace helix::ledger {

namespace {

pg::Statement select_counted("SELECT pg_catalog.array_agg(d.key) FROM helix_internal.dimensions d");

// $1: helix.dimensions.
pg::Statement select_new(R"(
    SELECT pg_catalog.array_agg(DISTINCT n.key)
      FROM (SELECT pg_catalog.btrim(k) AS key
              FROM pg_catalog.unnest(pg_catalog.string_to_array($1, ',')) k) n
     WHERE n.key <> '' AND NOT EXISTS (SELECT FROM helix_internal.dimensions d WHERE d.key = n.key))",
                         {TEXTOID});

pg::Statement insert_keys(R"(
    INSERT INTO helix_internal.dimensions (key, counted_since)
    SELECT k, (SELECT pg_catalog.max((p.month + interval '1 month')::timestamp AT TIME ZONE 'UTC')
                 FROM helix_internal.ledger_partitions p
                WHERE p.dropped_at IS NOT NULL AND (p.folded_rows > 0 OR p.folded_cost_usd <> 0))
      FROM pg_catalog.unnest($1) k
     ORDER BY k)",
                          {TEXTARRAYOID});

// Adds `rows` of the ledger for the keys $4. $5, $6: how many values have sums of their own, and how long they may be.
// Values are named in the order in which they were recorded. What no name is left for is counted together.
std::string adding(const char* rows) {
    return std::string("WITH added AS (") + rows + R"(),
    entries AS MATERIALIZED (
        SELECT k.key, e.user_id, pg_catalog.timezone('UTC', e.occurred_at)::date AS day,
               helix_internal.dimension_value(e.metadata, e.corrects, k.key) AS value,
               pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS executions,
               pg_catalog.count(*) FILTER (WHERE e.success AND e.corrects IS NULL) AS successes,
               pg_catalog.sum(e.cost_usd) AS cost_usd, pg_catalog.min(e.recorded_at) AS first_recorded_at
          FROM added e CROSS JOIN pg_catalog.unnest($4) AS k (key)
         GROUP BY 1, 2, 3, 4),
    candidates AS (
        SELECT e.key, e.value,
               pg_catalog.row_number() OVER (PARTITION BY e.key
                                                 ORDER BY pg_catalog.min(e.first_recorded_at), e.value) AS place
          FROM entries e
         WHERE pg_catalog.octet_length(e.value) <= $6
           AND NOT EXISTS (SELECT FROM helix_internal.dimension_values n WHERE (n.key, n.value) = (e.key, e.value))
         GROUP BY 1, 2),
    named AS (
        INSERT INTO helix_internal.dimension_values (key, value)
        SELECT c.key, c.value
          FROM candidates c JOIN helix_internal.dimensions d ON d.key = c.key
         WHERE d.named_values + c.place <= $5
        RETURNING key, value),
    names_used AS (
        UPDATE helix_internal.dimensions d
           SET named_values = d.named_values + u.values
          FROM (SELECT n.key, pg_catalog.count(*)::integer AS values FROM named n GROUP BY 1) u
         WHERE d.key = u.key),
    all_named AS (
        SELECT n.key, n.value FROM named n
        UNION ALL
        SELECT n.key, n.value FROM helix_internal.dimension_values n)
    INSERT INTO helix_internal.dimension_days AS x
           (user_id, key, day, kind, value, executions, successes, cost_usd, first_recorded_at)
    SELECT e.user_id, e.key, e.day,
           (CASE WHEN e.value IS NULL THEN 'w' WHEN n.value IS NULL THEN 'o' ELSE 'v' END)::"char",
           coalesce(n.value, ''), pg_catalog.sum(e.executions), pg_catalog.sum(e.successes),
           pg_catalog.sum(e.cost_usd), pg_catalog.min(e.first_recorded_at)
      FROM entries e LEFT JOIN all_named n ON (n.key, n.value) = (e.key, e.value)
     GROUP BY 1, 2, 3, 4, 5
     ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (user_id, key, day, kind, value) DO UPDATE SET
           executions = x.executions + excluded.executions,
           successes = x.successes + excluded.successes,
           cost_usd = x.cost_usd + excluded.cost_usd,
           first_recorded_at = least(x.first_recorded_at, excluded.first_recorded_at))";
}

// As the fold reads them: see fold.cpp. $1, $2, $3: the old horizon and base_id; $7, $8: the new horizon.
const std::string add_newly_visible_text = adding(R"(
        SELECT e.* FROM helix_internal.executions e
         WHERE (e.xid >= $1 OR e.xid = ANY ($2)) AND e.xid + 0 < $7 AND e.xid <> ALL ($8) AND e.id + 0 > $3)");
pg::Statement add_newly_visible(add_newly_visible_text.c_str(), {INT8OID, INT8ARRAYOID, INT8OID, TEXTARRAYOID, INT4OID,
                                                                 INT4OID, INT8OID, INT8ARRAYOID});

// All that is folded.
const std::string add_folded_text = adding(R"(
        SELECT e.* FROM helix_internal.executions e
         WHERE e.id <= $3 OR (e.xid < $1 AND e.xid <> ALL ($2)))");
pg::Statement add_folded(add_folded_text.c_str(), {INT8OID, INT8ARRAYOID, INT8OID, TEXTARRAYOID, INT4OID, INT4OID});

// The text[] that a statement has selected; none where it is null.
std::optional<Datum> selected_keys() {
    bool is_null = false;
    const Datum keys = pg::only_column(0, &is_null);
    return is_null ? std::nullopt : std::optional<Datum>(keys);
}

std::optional<Datum> new_keys() {
    if (*config::dimensions == '\0') {
        return std::nullopt;
    }
    const Datum setting = CStringGetTextDatum(config::dimensions);
    select_new.execute_latest(&setting);
    return selected_keys();
}

// Retention may not drop a month between the two statements: then counted_since would not know of it.
void begin_to_count(const Watermark& folded, Datum keys) {
    LockRelationOid(pg::internal_relation("executions"), AccessShareLock);
    insert_keys.execute_latest(&keys);
    const Datum values[] = {Int64GetDatum(folded.folded.next_xid), folded.folded.open_xids,
                            Int64GetDatum(folded.base_id),         keys,
                            Int32GetDatum(most_named_values),      Int32GetDatum(longest_named_value)};
    const int nesting = NewGUCNestLevel();
    pg::set_for_now("jit", "off");
    pg::set_for_now("plan_cache_mode", "force_custom_plan");
    add_folded.execute(values);
    AtEOXact_GUC(true, nesting);
}

} // namespace

void fold_dimensions(const Watermark& from, const Horizon& until) {
    if (const auto keys = new_keys()) {
        begin_to_count(from, *keys);
    }
    select_counted.execute_latest();
    const auto keys = selected_keys();
    if (!keys) {
        return;
    }
    const Datum values[] = {Int64GetDatum(from.folded.next_xid), from.folded.open_xids,
                            Int64GetDatum(from.base_id),         *keys,
                            Int32GetDatum(most_named_values),    Int32GetDatum(longest_named_value),
                            Int64GetDatum(until.next_xid),       until.open_xids};
    const int nesting = plan_by_range();
    add_newly_visible.execute(values);
    AtEOXact_GUC(true, nesting);
}

bool has_new_dimensions() {
    return new_keys().has_value();
}

} // namespace helix::ledger
