// A module for test/t/034_late_writer.pl and 006_drop.pl: an extension that writes while the transaction commits or is
// prepared, after helix has looked at what is to be invalidated, and one whose background workers leave late. It must
// be loaded before helix, for the callback that was registered first is called last.
#include "pg/prelude.hpp"

extern "C" {
#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init();
}

namespace {

char* statement = nullptr; // what it runs; empty: nothing
int exit_delay = 0;        // ms

void leave_late(int, Datum) {
    pg_usleep(exit_delay * 1000L);
}

// In the transaction in which a worker connects. The delay comes while PostgreSQL still counts it among the database's.
void delay_exit(XactEvent, void*) {
    static bool registered = false;
    if (!registered && MyBackendType == B_BG_WORKER) {
        on_shmem_exit(leave_late, 0);
        registered = true;
    }
}

void write_late(XactEvent event, void*) {
    if ((event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) || statement[0] == '\0') {
        return;
    }
    PushActiveSnapshot(GetTransactionSnapshot());
    if (SPI_connect() != SPI_OK_CONNECT || SPI_execute(statement, false, 0) < 0) {
        elog(ERROR, "could not run the late statement");
    }
    SPI_finish();
    PopActiveSnapshot();
}

} // namespace

void _PG_init() {
    DefineCustomStringVariable("late_writer.statement", "What is run while a transaction commits.", nullptr, &statement,
                               "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable("late_writer.exit_delay", "How long a background worker takes to leave.", nullptr,
                            &exit_delay, 0, 0, 10000, PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    RegisterXactCallback(write_late, nullptr);
    RegisterXactCallback(delay_exit, nullptr);
}
