// Gives helix_edge_local a new password, in a process that is connected to helix.edge_database.
#include "pg/prelude.hpp"

#include "worker/edge_role.hpp"

#include "config.hpp"
#include "pg/background_process.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"
#include "worker/errand.hpp"
#include "worker/slots.hpp"

#include <cstring>

extern "C" {
#include "commands/user.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/snapmgr.h"
}

// Of libpq/scram.h, which wants headers of Kerberos.
extern "C" char* pg_be_scram_build_secret(const char* password);

namespace helix::worker {

namespace {

// Whoever is a member of it may take on all API roles.
pg::Statement select_members(R"(
    SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = $1)",
                             {OIDOID});

void make_password(EdgePassword& password) {
    constexpr std::size_t bytes = (sizeof(password.digits) - 1) / 2;
    std::uint8_t random[bytes];
    if (!pg_strong_random(random, sizeof(random))) {
        elog(ERROR, "could not make a random password");
    }
    constexpr const char* digits = "0123456789abcdef";
    for (std::size_t i = 0; i < bytes; ++i) {
        password.digits[2 * i] = digits[random[i] >> 4];
        password.digits[2 * i + 1] = digits[random[i] & 15];
    }
    password.digits[2 * bytes] = '\0';
    explicit_bzero(random, sizeof(random));
}

void publish_verifier(const EdgePassword& password) {
    const char* verifier = pg_be_scram_build_secret(password.digits);
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    strlcpy(memory.edge_verifier, verifier, sizeof(memory.edge_verifier));
    memory.edge_outcome = static_cast<int>(EdgeRole::failed); // until it is better
    LWLockRelease(memory.lock);
}

void report(EdgeRole outcome) {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_EXCLUSIVE);
    memory.edge_outcome = static_cast<int>(outcome);
    LWLockRelease(memory.lock);
}

void check_members(Oid role) {
    const Datum value = ObjectIdGetDatum(role);
    if (select_members.execute(&value) > 0) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("role \"%s\" has members, so helix-edge does not sign in as it", edge_role),
                        errhint("Revoke it from them, or drop it: it is made again.")));
    }
}

// Not as text, so that even the verifier is in no statistics.
void set_verifier() {
    char verifier[sizeof(Shared::edge_verifier)];
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_SHARED);
    strlcpy(verifier, memory.edge_verifier, sizeof(verifier));
    LWLockRelease(memory.lock);
    auto* spec = makeNode(RoleSpec);
    spec->roletype = ROLESPEC_CSTRING;
    spec->rolename = pstrdup(edge_role);
    spec->location = -1;
    auto* alter = makeNode(AlterRoleStmt);
    alter->role = spec;
    alter->action = 1; // as the parser has it
    alter->options =
        list_make1(makeDefElem(pstrdup("password"), reinterpret_cast<Node*>(makeString(pstrdup(verifier))), -1));
    AlterRole(nullptr, alter);
    CommandCounterIncrement();
}

void prepare_role() {
    pg::OwnerSpi spi;
    if (!OidIsValid(get_role_oid(edge_role, true))) {
        pg::execute_text("CREATE ROLE helix_edge_local NOINHERIT");
        pg::execute_text("COMMENT ON ROLE helix_edge_local IS "
                         "'What the server''s own helix-edge signs in as; its password is new at each start'");
    }
    check_members(get_role_oid(edge_role, false));
    pg::execute_text("ALTER ROLE helix_edge_local LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
                     "NOBYPASSRLS VALID UNTIL 'infinity'");
    set_verifier();
    pg::execute_text("SELECT helix.grant_edge_access('helix_edge_local')");
    spi.finish();
}

void run_edge_role() {
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(config::edge_database, nullptr, 0);
    configure_session();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    const bool exists = pg::extension_exists();
    if (exists) {
        prepare_role();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    report(exists ? EdgeRole::ready : EdgeRole::no_extension);
}

} // namespace

BackgroundWorkerHandle* start_edge_role(EdgePassword& password) {
    make_password(password);
    publish_verifier(password);
    BackgroundWorker process = pg::describe_child("helix edge role", "helix_edge_role_main", Datum{0});
    BackgroundWorkerHandle* handle = nullptr;
    return RegisterDynamicBackgroundWorker(&process, &handle) ? handle : nullptr;
}

EdgeRole edge_role_outcome() {
    auto& memory = shared();
    LWLockAcquire(memory.lock, LW_SHARED);
    const auto outcome = static_cast<EdgeRole>(memory.edge_outcome);
    LWLockRelease(memory.lock);
    return outcome;
}

} // namespace helix::worker

extern "C" {
PGDLLEXPORT void helix_edge_role_main(Datum argument);

void helix_edge_role_main(Datum) {
    helix::pg::enter_callback([] { helix::worker::run_edge_role(); });
}
}
