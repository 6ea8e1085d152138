// Owns: what a key of the metadata sums up from: folded days, and the tail. Used within ledger/ only.
#pragma once

// The query `sums`: day, kind, value, executions, successes, cost_usd. $1: the key. $2: the user; null: all. A query
// `days` before it has the first and the last UTC day. $5, $6: how many values have sums of their own, and how long
// they may be. A value that is not folded yet is named where a name is left.
#define HELIX_DIMENSION_SUMS                                                                                           \
    " sums AS ("                                                                                                       \
    "     SELECT x.day, x.kind, x.value, x.executions, x.successes, x.cost_usd"                                        \
    "       FROM helix_internal.dimension_days x"                                                                      \
    "      WHERE x.key = $1 AND ($2 IS NULL OR x.user_id = $2)"                                                        \
    "        AND x.day BETWEEN (SELECT d.first FROM days d) AND (SELECT d.last FROM days d)"                           \
    "     UNION ALL"                                                                                                   \
    "     SELECT t.day, k.kind, CASE k.kind WHEN 'v' THEN t.value ELSE '' END, t.executions, t.successes, t.cost_usd"  \
    "       FROM (SELECT pg_catalog.timezone('UTC', e.occurred_at)::date AS day,"                                      \
    "                    helix_internal.dimension_value(e.metadata, e.corrects, $1) AS value,"                         \
    "                    pg_catalog.count(*) FILTER (WHERE e.corrects IS NULL) AS executions,"                         \
    "                    pg_catalog.count(*) FILTER (WHERE e.success AND e.corrects IS NULL) AS successes,"            \
    "                    pg_catalog.sum(e.cost_usd) AS cost_usd"                                                       \
    "               FROM helix_internal.tail e"                                                                        \
    "              WHERE ($2 IS NULL OR e.user_id = $2)"                                                               \
    "                AND pg_catalog.timezone('UTC', e.occurred_at)::date"                                              \
    "                    BETWEEN (SELECT d.first FROM days d) AND (SELECT d.last FROM days d)"                         \
    "              GROUP BY 1, 2) t"                                                                                   \
    "       LEFT JOIN helix_internal.dimension_values n ON n.key = $1 AND n.value = t.value"                           \
    "      CROSS JOIN LATERAL ("                                                                                       \
    "          SELECT (CASE WHEN t.value IS NULL THEN 'w'"                                                             \
    "                       WHEN n.value IS NOT NULL THEN 'v'"                                                         \
    "                       WHEN pg_catalog.octet_length(t.value) <= $6"                                               \
    "                            AND (SELECT d.named_values FROM helix_internal.dimensions d WHERE d.key = $1) < $5 "  \
    "THEN 'v'"                                                                                                         \
    "                       ELSE 'o' END)::\"char\") k (kind))"
