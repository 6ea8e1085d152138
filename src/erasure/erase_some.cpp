// One piece of work of an erasure, each in a transaction of its own.
#include "pg/prelude.hpp"

#include "erasure/erase_some.hpp"

#include "erasure/user_tables.hpp"
#include "ledger/ledger_erasure.hpp"
#include "pg/guard.hpp"
#include "pg/subtransaction.hpp"

namespace helix::erasure {

namespace {

using ledger::Erased;

constexpr const char* lock_timeout = "5ms"; // the worker has others to serve

// Those that come after $1, then the others: each has its turn, also where one fails again and again.
pg::Statement select_running(R"(
    SELECT x.id, x.subject_id FROM helix.erasures x
     WHERE x.subject_id IS NOT NULL
     ORDER BY x.id <= $1, x.id
     LIMIT 100)",
                             {INT8OID});
struct Running {
    enum : int { id = 1, subject_id };
};

// What has been accepted goes before its schedule, which would take all of it at once.
pg::Statement remove_deliveries(R"(
    DELETE FROM helix_internal.webhook_deliveries d
     USING (SELECT w.schedule_id, w.digest
              FROM helix_internal.operation_schedules s
              JOIN helix_internal.webhook_deliveries w ON w.schedule_id = s.id
             WHERE s.user_id = $1
             LIMIT 5000) o
     WHERE d.schedule_id = o.schedule_id AND d.digest = o.digest)",
                                {UUIDOID});

// Triggers remove the jobs of pg_cron.
pg::Statement remove_schedules(R"(
    WITH gone AS (
        DELETE FROM helix_internal.operation_schedules
         WHERE id = ANY (ARRAY(SELECT s.id FROM helix_internal.operation_schedules s
                                WHERE s.user_id = $1 LIMIT 20 FOR UPDATE SKIP LOCKED))
        RETURNING id),
    counted AS (
        DELETE FROM helix_internal.forgotten_executions f USING gone g WHERE f.schedule_id = g.id)
    SELECT FROM gone)",
                               {UUIDOID});

// A batch has up to 1,000 operations, which go with it.
pg::Statement remove_batches(R"(
    DELETE FROM helix_internal.operation_batches
     WHERE id = ANY (ARRAY(SELECT b.id FROM helix_internal.operation_batches b
                            WHERE b.user_id = $1 LIMIT 20 FOR UPDATE SKIP LOCKED)))",
                             {UUIDOID});

pg::Statement count_rows(R"(
    UPDATE helix.erasures x
       SET erased = x.erased || pg_catalog.jsonb_build_object($2, coalesce((x.erased ->> $2)::bigint, 0) + $3)
     WHERE x.id = $1)",
                         {INT8OID, TEXTOID, INT8OID});

// Transactions that were open when the erasure was asked for may still bring rows. In a cluster that the erasure was
// restored into, its transaction is one of the future, and there are none.
pg::Statement select_open(R"(
    SELECT FROM helix.erasures x
     WHERE x.id = $1
       AND x.requested_xid >= pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint
       AND x.requested_xid < pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint)",
                          {INT8OID});

pg::Statement invalidate_cache("SELECT helix.invalidate_user_cache($1)", {UUIDOID});
pg::Statement mark_finished(R"(
    UPDATE helix.erasures SET subject_id = NULL, finished_at = pg_catalog.clock_timestamp() WHERE id = $1)",
                            {INT8OID});

void count(const Erased& erased, const char* label, std::uint64_t rows) {
    const Datum values[] = {Int64GetDatum(erased.erasure), CStringGetTextDatum(label),
                            Int64GetDatum(static_cast<std::int64_t>(rows))};
    count_rows.execute_latest(values);
}

// What needs more than a DELETE of the table's rows.
struct Removal {
    const char* label;
    std::uint64_t (*remove)(const Erased& erased);
};

template <pg::Statement& statement>
std::uint64_t execute(const Erased& erased) {
    const Datum user = UUIDPGetDatum(&erased.user_id);
    return statement.execute_latest(&user);
}

constexpr Removal removals[] = {
    {"webhook_deliveries", execute<remove_deliveries>}, {"operation_schedules", execute<remove_schedules>},
    {"operation_batches", execute<remove_batches>},     {"operation_execution_analytics", ledger::erase_days},
    {"usage_quarters", ledger::erase_quarters},         {"usage_minutes", ledger::erase_minutes},
    {"executions", ledger::erase_executions},
};

// Where somebody else holds what the removal wants, the next pass tries again, and other tables go on meanwhile.
template <typename F>
std::uint64_t removed(const Erased& erased, const char* label, F remove) {
    std::uint64_t rows = 0;
    const bool done = pg::try_for_lock(lock_timeout, [&rows, remove] { rows = remove(); });
    if (!done || rows == 0) {
        return 0;
    }
    count(erased, label, rows);
    return rows;
}

// Rows of one kind. The last pass finds none.
std::uint64_t remove_some(const Erased& erased) {
    for (const UserTable& table : user_tables()) {
        const auto remove = [&table, &erased] { return remove_rows(table, erased.user_id); };
        if (const auto rows = table.is_plain ? removed(erased, table.label, remove) : 0) {
            return rows;
        }
    }
    for (const Removal& removal : removals) {
        if (const auto rows = removed(erased, removal.label, [&removal, &erased] { return removal.remove(erased); })) {
            return rows;
        }
    }
    return 0;
}

// True too where somebody has locked a table, which may hold rows: a worker does not wait for it.
bool may_be_kept(const pg_uuid_t& user) {
    bool kept = true;
    return !pg::try_for_lock(lock_timeout, [&kept, &user] { kept = is_anything_kept(user); }) || kept;
}

// Where something is left, or others are in the way, the next pass tries again.
void finish(const Erased& erased) {
    const Datum id = Int64GetDatum(erased.erasure);
    const Datum user = UUIDPGetDatum(&erased.user_id);
    if (select_open.execute_latest(&id) > 0 || !ledger::lock_for_end_of_erasure() || may_be_kept(erased.user_id)) {
        return;
    }
    ledger::settle_dropped(erased);
    invalidate_cache.execute(&user);
    mark_finished.execute_latest(&id);
}

std::uint64_t erase_some_of(const Erased& erased) {
    const std::uint64_t rows = remove_some(erased);
    if (rows == 0) {
        finish(erased);
    }
    return rows;
}

} // namespace

std::uint64_t erase_some() {
    static std::int64_t last_looked_at = 0;
    const Datum after = Int64GetDatum(last_looked_at);
    plan_by_index();
    const auto running = pg::keep_rows(select_running.execute_latest(&after));
    if (running.count == 0 || !ledger::may_erase()) {
        return 0;
    }
    std::uint64_t rows = 0;
    for (std::uint64_t row = 0; row < running.count && rows == 0; ++row) {
        const Erased erased{DatumGetInt64(running[row].value(Running::id)),
                            *DatumGetUUIDP(running[row].value(Running::subject_id))};
        last_looked_at = erased.erasure;
        rows = erase_some_of(erased);
    }
    return rows;
}

HELIX_FUNCTION(helix_erase_some) {
    pg::OwnerSpi spi;
    const auto rows = erase_some();
    spi.finish();
    PG_RETURN_INT64(static_cast<std::int64_t>(rows));
}

} // namespace helix::erasure
