// Owns: the sums by keys of the metadata, and which keys are counted. Used within ledger/ only.
#pragma once

#include "ledger/watermark.hpp"

namespace helix::ledger {

// How many values of a key have sums of their own, and how long they may be.
inline constexpr int most_named_values = 1000;
inline constexpr int longest_named_value = 200; // bytes

// Begins to count the keys that helix.dimensions names anew: all that is folded in `from`. Then adds, for each counted
// key, what is in `until` but not yet in `from`. Needs SPI and the watermark's lock.
void fold_dimensions(const Watermark& from, const Horizon& until);

// Whether helix.dimensions names a key that is not counted yet. Needs SPI.
bool has_new_dimensions();

// 42704: the key is none that is counted.
[[noreturn]] void refuse_unknown_dimension(Datum key);

// A part of price_change_statement(): what its `changed` rows bring to the sums.
inline constexpr const char* dimension_differences = R"(
    dimension_days AS (
        UPDATE helix_internal.dimension_days x
           SET cost_usd = x.cost_usd + d.cost_usd
          FROM (SELECT v.user_id, v.key, v.day,
                       (CASE WHEN v.value IS NULL THEN 'w' WHEN n.value IS NULL THEN 'o' ELSE 'v' END)::"char" AS kind,
                       coalesce(n.value, '') AS value, pg_catalog.sum(v.cost_usd) AS cost_usd
                  FROM (SELECT c.user_id, k.key, pg_catalog.timezone('UTC', c.occurred_at)::date AS day,
                               helix_internal.dimension_value(c.metadata, c.corrects, k.key) AS value,
                               c.new_cost - c.old_cost AS cost_usd
                          FROM changed c CROSS JOIN helix_internal.dimensions k
                         WHERE c.folded) v
                  LEFT JOIN helix_internal.dimension_values n ON (n.key, n.value) = (v.key, v.value)
                 GROUP BY 1, 2, 3, 4, 5) d
         WHERE (x.user_id, x.key, x.day, x.kind, x.value) = (d.user_id, d.key, d.day, d.kind, d.value)),)";

} // namespace helix::ledger
