#include "pg/prelude.hpp"

#include "webhooks/audit_retention.hpp"

#include "config.hpp"
#include "pg/spi.hpp"
#include "pg/times.hpp"

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
    if (config::secret_audit_retention_s == 0) {
        return false;
    }
    const Datum limit = TimestampTzGetDatum(pg::seconds_ago(config::secret_audit_retention_s));
    pg::OwnerSpi spi;
    const bool more = forget_audits.execute(&limit) == at_a_time;
    spi.finish();
    return more;
}

} // namespace helix::webhooks
