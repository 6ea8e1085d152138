// Owns: what differs between PostgreSQL 15 and 18. Only prelude.hpp includes it. Everything else is written for 18.
#pragma once

#if PG_VERSION_NUM < 150000
#error "helix needs PostgreSQL 15 or later"
#endif

extern "C" {
#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "storage/proc.h"
#include "utils/acl.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}

namespace helix::pg {

// In 18 a module's magic block has gained a name and a version.
#if PG_VERSION_NUM >= 180000
#define HELIX_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "helix", .version = HELIX_VERSION)
#else
#define HELIX_MODULE_MAGIC PG_MODULE_MAGIC
#endif

inline bool owns_database(Oid database, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(DatabaseRelationId, database, role);
#else
    return pg_database_ownercheck(database, role);
#endif
}

inline bool may_execute(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

// Behind GRANT … TO a role that does not inherit: it may take on the other role, and has none of its rights before.
#if PG_VERSION_NUM >= 160000
constexpr const char* to_be_set_only = " WITH INHERIT FALSE, SET TRUE";
#else
constexpr const char* to_be_set_only = "";
#endif

// HOLD_INTERRUPTS() and RESUME_INTERRUPTS() increment a volatile, which C++20 deprecates.
inline void hold_interrupts() {
    InterruptHoldoffCount = InterruptHoldoffCount + 1;
}
inline void resume_interrupts() {
    InterruptHoldoffCount = InterruptHoldoffCount - 1;
}

// This process's number among the server's processes; below MaxBackends for all that run transactions.
inline int process_number() {
#if PG_VERSION_NUM >= 170000
    return MyProcNumber;
#else
    return MyProc != nullptr ? MyProc->pgprocno : -1;
#endif
}

inline Latch* latch_of(int process) {
    return &ProcGlobal->allProcs[process].procLatch;
}

// Enters the tuple in `slot` into every index of `target`.
inline void insert_index_entries(ResultRelInfo* target, TupleTableSlot* slot, EState* estate) {
#if PG_VERSION_NUM >= 160000
    list_free(ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL, false));
#else
    list_free(ExecInsertIndexTuples(target, slot, estate, false, false, nullptr, NIL));
#endif
}

// A scan of an index by `keys` conditions, which index_rescan() is told then.
inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

// The columns that a statement writes, as the check of privileges knows them: sets of its permissions for the target.
struct ChangedColumns {
    Bitmapset** inserted;
    Bitmapset** updated;
};

inline ChangedColumns changed_columns(Query& query) {
    auto* target = rt_fetch(query.resultRelation, query.rtable);
#if PG_VERSION_NUM >= 160000
    auto* rights = getRTEPermissionInfo(query.rteperminfos, target);
    return {&rights->insertedCols, &rights->updatedCols};
#else
    return {&target->insertedCols, &target->updatedCols};
#endif
}

// Bytes as pg_b64_encode() takes them.
#if PG_VERSION_NUM >= 180000
using Base64Source = std::uint8_t;
#else
using Base64Source = char;
#endif

using TreeWalker = bool (*)(Node* node, void* context);

// A walker as expression_tree_walker() and query_tree_walker() take it. In 15 its type has no arguments.
inline auto server_walker(TreeWalker walker) {
#if PG_VERSION_NUM >= 160000
    return walker;
#else
    return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker));
#endif
}

} // namespace helix::pg
