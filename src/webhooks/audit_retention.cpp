#include "pg/prelude.hpp"

#include "webhooks/audit_retention.hpp"

#include "config.hpp"
#include "pg/retention.hpp"

namespace helix::webhooks {

namespace {

constexpr std::uint64_t at_a_time = 5000; // as the statement says

pg::Statement forget_audits(R"(
    DELETE FROM helix.webhook_secret_audits
     WHERE id = ANY (ARRAY(
           SELECT a.id FROM helix.webhook_secret_audits a WHERE a.created_at < $1 LIMIT 5000 FOR UPDATE SKIP LOCKED)))",
                            {TIMESTAMPTZOID});

} // namespace

bool audit_retention_task() {
    return pg::remove_older(forget_audits, config::secret_audit_retention_s, at_a_time);
}

} // namespace helix::webhooks
