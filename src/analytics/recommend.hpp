// Owns: what is done with the findings of a kind. Used within analytics/ only.
#pragma once

// The statement of a kind. `findings` is a SELECT with the columns below but user_id and kind. What was dismissed comes
// back once its extent has doubled; so does what was implemented, and after 30 days, when the figures are new ones.
#define HELIX_RECOMMEND(kind, findings)                                                                                \
    "WITH findings AS (" findings "), "                                                                                \
    "removed AS ("                                                                                                     \
    "DELETE FROM helix.optimization_recommendations r "                                                                \
    "WHERE r.user_id = $1 AND r.kind = '" kind "' AND r.status = 'active' "                                            \
    "AND NOT EXISTS (SELECT FROM findings f "                                                                          \
    "WHERE f.operation_id IS NOT DISTINCT FROM r.operation_id AND f.subject = r.subject)) "                            \
    "INSERT INTO helix.optimization_recommendations AS r "                                                             \
    "(user_id, kind, operation_id, subject, title, description, recommendation_type, "                                 \
    "estimated_savings_percent, estimated_savings_usd, estimated_latency_improvement_percent, "                        \
    "extent, priority, estimated_implementation_effort, suggested_action) "                                            \
    "SELECT $1, '" kind "', f.operation_id, f.subject, f.title, f.description, f.recommendation_type, "                \
    "pg_catalog.round(100 * f.saving / nullif(f.cost_usd, 0), 2), pg_catalog.trim_scale(f.saving), "                   \
    "pg_catalog.round(100 * (1 - f.latency_factor), 2), "                                                              \
    "f.extent, f.priority, f.effort, f.suggested_action "                                                              \
    "FROM findings f "                                                                                                 \
    "ORDER BY f.operation_id COLLATE \"C\", f.subject COLLATE \"C\" "                                                  \
    "ON CONFLICT ON CONSTRAINT one_for_each_subject DO UPDATE "                                                        \
    "SET title = excluded.title, description = excluded.description, "                                                 \
    "recommendation_type = excluded.recommendation_type, "                                                             \
    "estimated_savings_percent = excluded.estimated_savings_percent, "                                                 \
    "estimated_savings_usd = excluded.estimated_savings_usd, "                                                         \
    "estimated_latency_improvement_percent = excluded.estimated_latency_improvement_percent, "                         \
    "extent = excluded.extent, priority = excluded.priority, "                                                         \
    "estimated_implementation_effort = excluded.estimated_implementation_effort, "                                     \
    "suggested_action = excluded.suggested_action, status = 'active', updated_at = pg_catalog.now() "                  \
    "WHERE r.status = 'active' OR excluded.extent >= 2 * r.extent "                                                    \
    "OR r.implemented_at < pg_catalog.now() - interval '30 days'"
