#include "pg/prelude.hpp"

#include "preferences/log_retention.hpp"

#include "config.hpp"
#include "pg/retention.hpp"

namespace helix::preferences {

namespace {

constexpr std::uint64_t at_a_time = 5000; // as the statement says

pg::Statement forget_changes(R"(
    DELETE FROM helix.preference_audit_log
     WHERE id = ANY (ARRAY(
           SELECT l.id FROM helix.preference_audit_log l WHERE l.changed_at < $1 LIMIT 5000 FOR UPDATE SKIP LOCKED)))",
                             {TIMESTAMPTZOID});

} // namespace

bool log_retention_task() {
    return pg::remove_older(forget_changes, config::preference_log_retention_s, at_a_time);
}

} // namespace helix::preferences
