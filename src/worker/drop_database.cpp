#include "pg/prelude.hpp"

#include "worker/drop_database.hpp"

#include "pg/guard.hpp"
#include "pg/statement_hook.hpp"
#include "worker/slots.hpp"

#include <csignal>

extern "C" {
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
}

namespace helix::worker {

namespace {

constexpr int pause_s = 10; // no worker takes the slot for that long; DROP DATABASE itself waits 5 s for others
constexpr int longest_wait_ms = 5000; // for the worker to leave
constexpr int poll_ms = 10;

const char* string_option(List* options, const char* name) {
    ListCell* cell = nullptr;
    foreach (cell, options) {
        auto* option = static_cast<DefElem*>(lfirst(cell));
        if (strcmp(option->defname, name) == 0 && option->arg != nullptr) {
            return defGetString(option);
        }
    }
    return nullptr;
}

// The database that a statement wants for itself; null for any other statement.
const char* wanted_database(const Node* statement) {
    if (IsA(statement, DropdbStmt)) {
        return reinterpret_cast<const DropdbStmt*>(statement)->dbname;
    }
    if (IsA(statement, RenameStmt)) {
        const auto* rename = reinterpret_cast<const RenameStmt*>(statement);
        return rename->renameType == OBJECT_DATABASE ? rename->subname : nullptr;
    }
    if (IsA(statement, AlterDatabaseStmt)) {
        const auto* alter = reinterpret_cast<const AlterDatabaseStmt*>(statement);
        return string_option(alter->options, "tablespace") != nullptr ? alter->dbname : nullptr;
    }
    if (IsA(statement, CreatedbStmt)) {
        return string_option(reinterpret_cast<const CreatedbStmt*>(statement)->options, "template");
    }
    return nullptr;
}

pid_t worker_of(const char* database, bool pause) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    Slot* slot = find_slot(database);
    const pid_t pid = slot == nullptr ? 0 : slot->pid;
    if (slot != nullptr && pause) {
        slot->paused_until = GetCurrentTimestamp() + pause_s * USECS_PER_SEC;
        if (pid != 0) {
            kill(pid, SIGTERM);
        }
    }
    LWLockRelease(memory.lock);
    return pid;
}

// Sends the worker away where the caller may do this to the database at all; the statement itself says what is wrong
// else.
void make_way(const char* database) {
    const Oid oid = get_database_oid(database, true);
    if (!OidIsValid(oid) || oid == MyDatabaseId || !pg::owns_database(oid, GetUserId())) {
        return;
    }
    if (worker_of(database, true) == 0) {
        return;
    }
    for (int waited = 0; waited < longest_wait_ms && worker_of(database, false) != 0; waited += poll_ms) {
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, poll_ms, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void before_statement(const Node& statement, ProcessUtilityContext context) {
    if (context == PROCESS_UTILITY_TOPLEVEL && !IsTransactionBlock()) { // elsewhere these statements fail anyway
        if (const char* database = wanted_database(&statement)) {
            make_way(database);
        }
    }
}

} // namespace

void initialize_drop_database() {
    pg::observe_statements(before_statement);
}

} // namespace helix::worker
