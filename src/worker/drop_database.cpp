// Sends a database's worker away when a statement such as DROP DATABASE wants the database for itself.
#include "pg/prelude.hpp"

#include "worker/drop_database.hpp"

#include "pg/guard.hpp"
#include "pg/latch.hpp"
#include "pg/statement_hook.hpp"
#include "worker/slots.hpp"

#include <csignal>

extern "C" {
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
}

namespace helix::worker {

namespace {

constexpr int pause_s = 10; // in which no worker takes the slot; DROP DATABASE itself waits 5 s for other sessions
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

bool has_worker(const char* database) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_SHARED);
    const Slot* slot = find_slot(database);
    const bool runs = slot != nullptr && slot->pid != 0;
    LWLockRelease(memory.lock);
    return runs;
}

// Keeps workers out of the database for a while, and tells the one that runs to leave.
void send_worker_away(const char* database) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    if (Slot* slot = find_slot(database)) {
        slot->paused_until = GetCurrentTimestamp() + pause_s * USECS_PER_SEC;
        if (slot->pid != 0) {
            kill(slot->pid, SIGTERM);
        }
    }
    LWLockRelease(memory.lock);
}

// Does nothing where the caller may not do such a thing to the database: the statement itself will say so.
void make_way(const char* database) {
    const Oid oid = get_database_oid(database, true);
    if (!OidIsValid(oid) || oid == MyDatabaseId || !pg::owns_database(oid, GetUserId())) {
        return;
    }
    send_worker_away(database);
    for (int waited_ms = 0; waited_ms < longest_wait_ms && has_worker(database); waited_ms += poll_ms) {
        pg::wait_for_latch(poll_ms);
        CHECK_FOR_INTERRUPTS();
    }
}

void before_statement(const Node& statement, ProcessUtilityContext context) {
    if (context == PROCESS_UTILITY_TOPLEVEL && !IsTransactionBlock()) { // elsewhere such statements fail anyway
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
