// Removes finished executions, request ids and ended batches once helix.execution_retention is over.
#include "pg/prelude.hpp"

#include "queue/execution_retention.hpp"

#include "config.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/times.hpp"

namespace helix::queue {

namespace {

constexpr std::uint64_t at_a_time = 5000; // as the statements say

// A schedule's execution_count and last_execution_at still count what has been removed. Both are kept beside the
// schedule: its user may hold its row in an open transaction.
pg::Statement forget_executions(R"(
    WITH old AS (
        SELECT id FROM helix_internal.schedule_executions WHERE completed_at < $1 LIMIT 5000 FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM helix_internal.schedule_executions e USING old WHERE e.id = old.id
        RETURNING e.schedule_id, e.created_at),
    counted AS (
        INSERT INTO helix_internal.forgotten_executions AS f (schedule_id, executions, latest_created_at)
        SELECT g.schedule_id, pg_catalog.count(*), pg_catalog.max(g.created_at)
          FROM gone g
         WHERE EXISTS (SELECT FROM helix_internal.operation_schedules s WHERE s.id = g.schedule_id)
         GROUP BY 1
         ORDER BY 1
        ON CONFLICT (schedule_id) DO UPDATE SET
               executions = f.executions + excluded.executions,
               latest_created_at = greatest(f.latest_created_at, excluded.latest_created_at))
    SELECT FROM gone)",
                                {TIMESTAMPTZOID});

pg::Statement forget_schedules(R"(
    DELETE FROM helix_internal.forgotten_executions f
     WHERE NOT EXISTS (SELECT FROM helix_internal.operation_schedules s WHERE s.id = f.schedule_id))");

pg::Statement forget_requests(R"(
    DELETE FROM helix_internal.queue_requests r
     USING (SELECT user_id, request_id FROM helix_internal.queue_requests WHERE requested_at < $1 LIMIT 5000) old
     WHERE r.user_id = old.user_id AND r.request_id = old.request_id)",
                              {TIMESTAMPTZOID});

// A batch has up to 1,000 operations, which go with it. Drafts stay, and so does what has not ended.
constexpr std::uint64_t batches_at_a_time = 50; // as the statement says
constexpr const char* lock_timeout = "50ms";    // somebody may hold an operation of a batch

pg::Statement forget_batches(R"(
    DELETE FROM helix_internal.operation_batches
     WHERE id = ANY (ARRAY(
           SELECT b.id
             FROM helix_internal.operation_batches b
            WHERE b.created_at < $1
              AND CASE WHEN b.client_status IS NULL
                       THEN (b.started_at IS NOT NULL OR b.cancelled_at IS NOT NULL)
                            AND NOT EXISTS (SELECT FROM helix_internal.batch_operations o
                                             WHERE o.batch_id = b.id AND o.ended IS NULL)
                       ELSE b.client_status IN ('completed', 'partial_failure', 'failed', 'cancelled')
                            AND COALESCE(b.completed_at, b.created_at) < $1 END
              AND NOT EXISTS (SELECT FROM helix_internal.batch_operations o
                               WHERE o.batch_id = b.id AND o.executed_at >= $1)
              AND NOT EXISTS (SELECT FROM helix_internal.queue q WHERE q.batch_id = b.id)
            LIMIT 50
              FOR UPDATE SKIP LOCKED)))",
                             {TIMESTAMPTZOID});

// Whether there may be more.
bool forget_batches_before(Datum limit) {
    std::uint64_t forgotten = 0;
    return pg::try_for_lock(lock_timeout, [&forgotten, limit] { forgotten = forget_batches.execute(&limit); }) &&
           forgotten == batches_at_a_time;
}

} // namespace

bool execution_retention_task() {
    if (config::execution_retention_s == 0) {
        return false;
    }
    const Datum limit = TimestampTzGetDatum(pg::seconds_ago(config::execution_retention_s));
    pg::OwnerSpi spi;
    const bool more = forget_executions.execute(&limit) == at_a_time;
    forget_schedules.execute();
    const bool more_requests = forget_requests.execute(&limit) == at_a_time;
    const bool more_batches = forget_batches_before(limit);
    spi.finish();
    return more || more_requests || more_batches;
}

} // namespace helix::queue
