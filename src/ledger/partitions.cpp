// The ledger's partitions: made a month ahead, and dropped by retention.
#include "pg/prelude.hpp"

#include "ledger/partitions.hpp"

#include "budgets/placement.hpp"
#include "config.hpp"
#include "ledger/relation_ids.hpp"
#include "ledger/watermark.hpp"
#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/relations.hpp"
#include "pg/settings.hpp"
#include "pg/spi.hpp"
#include "pg/times.hpp"
#include "pg/values.hpp"
#include "worker/worker.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "storage/lmgr.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/inval.h"
}

namespace helix::ledger {

namespace {

constexpr int months_ahead = 1;
constexpr const char* drop_lock_timeout = "500ms"; // the longest that retention makes writers wait

// A UTC month, counted from year 0.
struct Month {
    int number;

    int year() const { return number / 12; }
    int month() const { return number % 12 + 1; }
    Month next() const { return {number + 1}; }
    DateADT first_day() const { return date2j(year(), month(), 1) - POSTGRES_EPOCH_JDATE; }
    TimestampTz start() const { return first_day() * USECS_PER_DAY; }
    const char* partition() const { return psprintf("executions_%04d_%02d", year(), month()); }
};

Month month_of(TimestampTz time) {
    pg_tm tm{};
    fsec_t fraction = 0;
    if (TIMESTAMP_NOT_FINITE(time) || timestamp2tm(time, nullptr, &tm, &fraction, nullptr, nullptr) != 0) {
        ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    }
    return {tm.tm_year * 12 + tm.tm_mon - 1};
}

Oid existing_partition(Month month) {
    const Oid table = get_relname_relid(month.partition(), pg::internal_schema());
    if (OidIsValid(table) && !get_rel_relispartition(table)) { // a row that is recorded there would count nowhere
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("ledger partition \"%s\" is not attached", month.partition()),
                        errhint("Attach it to helix_internal.executions again, or rename it.")));
    }
    return table;
}

// Who has rights on a new partition. It needs none of its own: rights come with the parent. ALTER DEFAULT PRIVILEGES
// (Supabase sets some) gives rights on every new table, so these are revoked.
pg::Statement select_grantees(R"(
    SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END
      FROM pg_catalog.pg_class c
     CROSS JOIN pg_catalog.aclexplode(c.relacl) a
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE c.oid = $1 AND a.grantee <> c.relowner)",
                              {OIDOID});

void revoke_default_privileges(const char* name) {
    const Datum partition = ObjectIdGetDatum(pg::internal_relation(name));
    const auto grantees = pg::keep_rows(select_grantees.execute(&partition));
    for (std::uint64_t row = 0; row < grantees.count; ++row) {
        pg::execute_text(psprintf("REVOKE ALL ON helix_internal.%s FROM %s", name, grantees[row].only_text()));
    }
}

// Indexes are made on each partition, not on the parent: pg_dump restores these, and would make those of the parent
// twice. Measured: each B-tree costs about 1 us a row, BRIN next to nothing.
void make_partition(Month month) {
    const Oid parent = pg::internal_relation("executions");
    LockRelationOid(parent, ShareUpdateExclusiveLock); // what ATTACH takes; one maker at a time
    if (OidIsValid(existing_partition(month))) {
        return;
    }
    const char* name = month.partition();
    pg::OwnerSpi spi;
    pg::execute_text(psprintf("CREATE TABLE helix_internal.%s (LIKE helix_internal.executions)", name));
    revoke_default_privileges(name);
    // Without a replica identity a publication of all tables would refuse reprice() and erase_user().
    pg::execute_text(psprintf(
        "ALTER TABLE helix_internal.%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, REPLICA IDENTITY FULL",
        name));
    pg::execute_text(psprintf("CREATE INDEX %s_user ON helix_internal.%s (user_id, xid)", name, name));
    pg::execute_text(psprintf(R"(
        CREATE INDEX %s_xid_id ON helix_internal.%s USING brin (xid, id)
               WITH (pages_per_range = %d, autosummarize = on))",
                              name, name, pages_per_range));
    pg::execute_text(
        psprintf("CREATE INDEX %s_unpriced ON helix_internal.%s (provider, model) WHERE pricing = 'u'", name, name));
    pg::execute_text(
        psprintf("CREATE INDEX %s_user_unpriced ON helix_internal.%s (user_id) WHERE pricing = 'u'", name, name));
    // What corrects an execution. Other rows are not in it.
    pg::execute_text(
        psprintf("CREATE UNIQUE INDEX %s_corrects ON helix_internal.%s (corrects, revision) WHERE corrects IS NOT NULL",
                 name, name));
    pg::execute_text(psprintf(R"(
        ALTER TABLE helix_internal.executions ATTACH PARTITION helix_internal.%s
              FOR VALUES FROM ('%04d-%02d-01 00:00:00+00') TO ('%04d-%02d-01 00:00:00+00'))",
                              name, month.year(), month.month(), month.next().year(), month.next().month()));
    spi.finish();
}

void make_ahead(TimestampTz now) {
    Month month = month_of(now);
    for (int i = 0; i <= months_ahead; ++i, month = month.next()) {
        if (!OidIsValid(existing_partition(month))) {
            make_partition(month);
        }
    }
}

pg::Statement select_months(R"(
    SELECT c.relname::text, pg_catalog.to_date(pg_catalog.right(c.relname, 7), 'YYYY_MM')
      FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'helix_internal.executions'::pg_catalog.regclass
     ORDER BY 2)");
struct LedgerMonth {
    enum : int { partition = 1, first_day };
};

pg::Statement mark_dropped(R"(
    INSERT INTO helix_internal.ledger_partitions AS p (month, dropped_at)
    VALUES ($1, pg_catalog.clock_timestamp())
        ON CONFLICT (month) DO UPDATE
       SET dropped_at = excluded.dropped_at)",
                           {DATEOID});

// It has no LIMIT: with one the planner would hope for a row at the beginning of a sequential scan.
pg::Statement select_unfolded("SELECT 1 FROM helix_internal.tail t WHERE t.recorded_at >= $1 AND t.recorded_at < $2",
                              {TIMESTAMPTZOID, TIMESTAMPTZOID});

bool has_unfolded_rows(Month month) {
    const Datum values[] = {TimestampTzGetDatum(month.start()), TimestampTzGetDatum(month.next().start())};
    return select_unfolded.execute_latest(values, nullptr, 1) > 0;
}

void lock_for_drop(Oid partition) {
    const int nesting = NewGUCNestLevel();
    pg::set_for_now("lock_timeout", drop_lock_timeout);
    LockRelationOid(pg::internal_relation("executions"), AccessExclusiveLock); // DROP takes both
    LockRelationOid(partition, AccessExclusiveLock);
    AtEOXact_GUC(true, nesting);
}

// False where it must stay.
bool drop_partition(const char* name, Month month, Datum first_day) {
    lock_for_drop(existing_partition(month));
    if (has_unfolded_rows(month)) { // somebody has written to it since; from now on nobody can
        return false;
    }
    pg::execute_text(psprintf("DROP TABLE helix_internal.%s", name));
    mark_dropped.execute(&first_day);
    return true;
}

// Returns how many it dropped. Needs SPI.
int drop_expired(TimestampTz now) {
    if (config::ledger_retention_s == 0 || !watermark_is_ours()) {
        return 0;
    }
    const TimestampTz limit = now - static_cast<std::int64_t>(config::ledger_retention_s) * USECS_PER_SEC;
    const std::int64_t ahead_us = config::occurred_at_ahead_s * USECS_PER_SEC; // a month has events of the next one
    const auto months = pg::keep_rows(select_months.execute());
    int dropped = 0;
    for (std::uint64_t row = 0; row < months.count; ++row) {
        const char* name = months[row].text(LedgerMonth::partition);
        const Datum first_day = months[row].value(LedgerMonth::first_day);
        const Month month = month_of(DatumGetDateADT(first_day) * USECS_PER_DAY);
        const TimestampTz end = month.next().start();
        if (end > limit || has_unfolded_rows(month) || budgets::need_rows_before(end + ahead_us)) {
            continue;
        }
        dropped += drop_partition(name, month, first_day) ? 1 : 0;
    }
    return dropped;
}

} // namespace

Oid partition_for(TimestampTz time) {
    const RelationIds& known = relation_ids();
    if (OidIsValid(known.partition) && time >= known.from && time < known.until) {
        return known.partition;
    }
    const Month month = month_of(time);
    Oid partition = existing_partition(month);
    if (!OidIsValid(partition)) {
        // A partition made in this transaction would keep all other writers waiting until it commits.
        worker::run_elsewhere(make_partitions_errand);
        AcceptInvalidationMessages();
        partition = existing_partition(month);
    }
    if (!OidIsValid(partition)) { // the extension itself may not be committed yet
        make_partition(month);
        partition = existing_partition(month);
    }
    remember_partition(partition, month.start(), month.next().start());
    return partition;
}

Partition find_partition(TimestampTz time) {
    const Month month = month_of(time);
    return {existing_partition(month),
            get_relname_relid(psprintf("%s_xid_id", month.partition()), pg::internal_schema())};
}

bool make_partitions_now() {
    pg::OwnerSpi spi;
    make_ahead(GetCurrentTimestamp());
    spi.finish();
    return false;
}

bool partitions_task() {
    pg::OwnerSpi spi;
    if (watermark_is_ours()) {
        make_ahead(GetCurrentTimestamp());
    }
    spi.finish();
    return false;
}

bool retention_task() {
    pg::OwnerSpi spi;
    drop_expired(GetCurrentTimestamp());
    spi.finish();
    return false;
}

HELIX_FUNCTION(helix_maintain_partitions) {
    const Datum given = pg::required(fcinfo, 0, "p_now");
    const TimestampTz now = pg::checked_time(DatumGetTimestampTz(given), "p_now");
    PreventCommandIfReadOnly("maintain_partitions()");
    pg::OwnerSpi spi;
    make_ahead(now);
    const int dropped = drop_expired(now);
    spi.finish();
    PG_RETURN_INT32(dropped);
}

} // namespace helix::ledger
