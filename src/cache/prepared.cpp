#include "pg/prelude.hpp"

#include "cache/prepared.hpp"

#include "cache/commit.hpp"
#include "cache/shared.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "tcop/utility.h"
}

namespace helix::cache {

namespace {

ProcessUtility_hook_type previous_hook = nullptr;

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

void process_utility(PlannedStmt* statement, const char* text, bool read_only, ProcessUtilityContext context,
                     ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* destination,
                     QueryCompletion* completion) {
    if (IsA(statement->utilityStmt, TransactionStmt)) {
        const auto& transaction = *reinterpret_cast<const TransactionStmt*>(statement->utilityStmt);
        if (transaction.kind == TRANS_STMT_COMMIT_PREPARED && !IsTransactionBlock()) {
            pg::enter_callback([&] { before_commit_prepared(transaction); });
        }
    }
    const auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
    next(statement, text, read_only, context, parameters, environment, destination, completion);
}

} // namespace

void initialise_prepared() {
    previous_hook = ProcessUtility_hook;
    ProcessUtility_hook = process_utility;
}

} // namespace helix::cache
