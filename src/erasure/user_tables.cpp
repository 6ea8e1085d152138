// Finds the tables that hold rows of users, and removes rows from them.
#include "pg/prelude.hpp"

#include "erasure/user_tables.hpp"

#include "pg/settings.hpp"
#include "pg/spi.hpp"

namespace helix::erasure {

namespace {

// The queue comes first, so that nothing of the user starts. Partitions are erased one by one: a place in a table says
// nothing of a partition. The ledger and its levels have functions of their own (ledger/ledger_erasure.hpp). Operations
// of batches go with their batch.
pg::Statement select_tables(R"(
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relname::text,
           NOT c.relispartition
           AND c.relname NOT IN ('operation_execution_analytics', 'usage_quarters', 'operation_schedules', 'operation_batches',
                                 'batch_operations')
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('helix', 'helix_internal') AND a.attname = 'user_id' AND a.atttypid = 'uuid'::pg_catalog.regtype
       AND NOT a.attisdropped AND c.relkind = 'r'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i
                        WHERE i.inhrelid = c.oid AND i.inhparent = 'helix_internal.executions'::pg_catalog.regclass)
     ORDER BY c.relname <> 'queue', c.relname COLLATE "C")");
struct FoundTable {
    enum : int { name = 1, label, is_plain };
};

std::uint64_t run(const char* text, const pg_uuid_t& user, long row_limit = 0) {
    const Datum value = UUIDPGetDatum(&user);
    return pg::execute_text_latest(text, {UUIDOID}, &value, row_limit);
}

bool is_in_ledger(const pg_uuid_t& user) {
    return run("SELECT 1 FROM helix_internal.executions WHERE user_id = $1", user, 1) > 0;
}

} // namespace

void plan_by_index() {
    for (const char* way : {"jit", "enable_seqscan", "enable_bitmapscan"}) {
        pg::set_for_now(way, "off");
    }
}

UserTables user_tables() {
    const auto found = pg::keep_rows(select_tables.execute());
    auto* tables = static_cast<UserTable*>(palloc(sizeof(UserTable) * (found.count + 1)));
    for (std::uint64_t row = 0; row < found.count; ++row) {
        tables[row] = {found[row].text(FoundTable::name), found[row].text(FoundTable::label),
                       DatumGetBool(found[row].value(FoundTable::is_plain))};
    }
    return {tables, found.count};
}

bool has_rows(const UserTable& table, const pg_uuid_t& user) {
    return run(psprintf("SELECT 1 FROM %s WHERE user_id = $1", table.name), user, 1) > 0;
}

bool is_anything_kept(const pg_uuid_t& user) {
    const UserTables tables = user_tables();
    return is_in_ledger(user) ||
           std::any_of(tables.begin(), tables.end(), [&user](const UserTable& table) { return has_rows(table, user); });
}

std::uint64_t remove_rows(const UserTable& table, const pg_uuid_t& user) {
    return run(psprintf(R"(
        DELETE FROM %s
         WHERE ctid = ANY (ARRAY(SELECT u.ctid FROM %s u WHERE u.user_id = $1 LIMIT 5000 FOR UPDATE SKIP LOCKED)))",
                        table.name, table.name),
               user);
}

} // namespace helix::erasure
