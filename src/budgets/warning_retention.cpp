#include "pg/prelude.hpp"

#include "budgets/warning_retention.hpp"

#include "config.hpp"
#include "pg/retention.hpp"

namespace helix::budgets {

namespace {

constexpr std::uint64_t at_a_time = 5000; // as the statement says

// A warning is also what keeps the worker from warning again. A period has 31 days at most, and is over in all time
// zones two days later.
pg::Statement forget_warnings(R"(
    DELETE FROM helix.budget_warnings
     WHERE id = ANY (ARRAY(
           SELECT w.id
             FROM helix.budget_warnings w
            WHERE w.created_at < $1 AND w.period_start < (pg_catalog.now() AT TIME ZONE 'UTC')::date - 33
            LIMIT 5000
              FOR UPDATE SKIP LOCKED)))",
                              {TIMESTAMPTZOID});

} // namespace

bool warning_retention_task() {
    return pg::remove_older(forget_warnings, config::budget_warning_retention_s, at_a_time);
}

} // namespace helix::budgets
