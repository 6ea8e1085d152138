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
    if (SPI_connect() != SPI_OK_CONNECT) {
        elog(ERROR, "could not connect to SPI");
    }
    const bool found = select_prepared.execute(&name) == 1;
    const bool before = found && DatumGetTimestampTz(pg::column(0, 1)) < time;
    SPI_finish();
    return before;
}

// While the cache is on PREPARE is refused where there is something to invalidate.
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
