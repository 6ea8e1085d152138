#include "pg/prelude.hpp"

#include "cache/prepared.hpp"

#include "cache/commit.hpp"
#include "cache/shared.hpp"
#include "pg/spi.hpp"
#include "pg/statement_hook.hpp"

namespace helix::cache {

namespace {

pg::Statement select_prepared("SELECT prepared FROM pg_catalog.pg_prepared_xacts WHERE gid = $1", {TEXTOID});

bool was_prepared_before(const char* gid, TimestampTz time) {
    const Datum name = CStringGetTextDatum(gid);
    pg::connect_spi();
    const bool found = select_prepared.execute(&name) == 1;
    const bool before = found && DatumGetTimestampTz(pg::only_column()) < time;
    SPI_finish();
    return before;
}

// While the cache is on, a transaction that makes something stale cannot be prepared. So only older ones matter.
void before_commit_prepared(const TransactionStmt& statement) {
    auto& memory = shared();
    const auto since = static_cast<TimestampTz>(pg_atomic_read_u64(&memory.enabled_since));
    if (pg_atomic_read_u32(&memory.enabled) != 0 && was_prepared_before(statement.gid, since)) {
        reserve_everything();
    }
}

void before_statement(const Node& statement, ProcessUtilityContext) {
    if (IsA(&statement, TransactionStmt)) {
        const auto& transaction = reinterpret_cast<const TransactionStmt&>(statement);
        if (transaction.kind == TRANS_STMT_COMMIT_PREPARED && !IsTransactionBlock()) {
            before_commit_prepared(transaction);
        }
    }
}

} // namespace

void initialize_prepared() {
    pg::observe_statements(before_statement);
}

} // namespace helix::cache
