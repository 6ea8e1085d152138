// The privileges of API roles: what helix_internal.api_grants lists, given to the roles that the DBA names.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace helix::callers {

namespace {

pg::Statement grants_of("SELECT privilege FROM helix_internal.api_grants WHERE audience = $1 "
                        "ORDER BY privilege COLLATE \"C\"",
                        {TEXTOID});

// Every privilege that anyone but the owner holds on an object of ours, as words between REVOKE and the role.
// aclitem grantee 0 is PUBLIC.
pg::Statement foreign_privileges(R"(
    WITH schemas AS (
        SELECT n.oid, n.nspname, n.nspacl, n.nspowner FROM pg_catalog.pg_namespace n
         WHERE n.nspname IN ('helix', 'helix_internal')),
    objects AS (
        SELECT 'SCHEMA ' || pg_catalog.quote_ident(s.nspname) AS object,
               coalesce(s.nspacl, pg_catalog.acldefault('n', s.nspowner)) AS acl, s.nspowner AS owner
          FROM schemas s
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass::text,
               coalesce(c.relacl, pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)),
               c.relowner
          FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'S')
        UNION ALL
        SELECT 'ROUTINE ' || p.oid::regprocedure::text, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
          FROM pg_catalog.pg_proc p JOIN schemas s ON s.oid = p.pronamespace
        UNION ALL
        SELECT 'TYPE ' || t.oid::regtype::text, coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), t.typowner
          FROM pg_catalog.pg_type t JOIN schemas s ON s.oid = t.typnamespace
         WHERE t.typrelid = 0 AND t.typelem = 0)
    SELECT DISTINCT o.object, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END
      FROM objects o CROSS JOIN pg_catalog.aclexplode(o.acl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE a.grantee <> o.owner AND ($1 IS NULL OR a.grantee = $1))",
                                 {OIDOID});

// Takes every privilege on helix's objects from `role`, or from everyone but the owner where it is InvalidOid.
void revoke_all(Oid role) {
    const Datum value = ObjectIdGetDatum(role);
    const auto rows = foreign_privileges.execute(&value, OidIsValid(role) ? " " : "n");
    SPITupleTable* found = SPI_tuptable;
    for (std::uint64_t row = 0; row < rows; ++row) {
        pg::execute_text(psprintf("REVOKE ALL ON %s FROM %s", SPI_getvalue(found->vals[row], found->tupdesc, 1),
                                  SPI_getvalue(found->vals[row], found->tupdesc, 2)));
    }
}

void grant(const char* audience, const char* role) {
    const Datum value = CStringGetTextDatum(audience);
    const auto rows = grants_of.execute(&value);
    SPITupleTable* found = SPI_tuptable;
    for (std::uint64_t row = 0; row < rows; ++row) {
        pg::execute_text(
            psprintf("GRANT %s TO %s", SPI_getvalue(found->vals[row], found->tupdesc, 1), quote_identifier(role)));
    }
}

const char* role_name(FunctionCallInfo fcinfo, int argument, const char* parameter) {
    if (PG_ARGISNULL(argument)) {
        throw Error(sqlstate::null_value_not_allowed, std::string(parameter) + " must not be null", {},
                    "Name an existing role.");
    }
    const char* name = NameStr(*PG_GETARG_NAME(argument));
    get_role_oid(name, false); // raises 42704
    return name;
}

} // namespace

} // namespace helix::callers

using namespace helix;

HELIX_FUNCTION(helix_grant_api_access) {
    const char* authenticated = callers::role_name(fcinfo, 0, "p_authenticated");
    const char* service = callers::role_name(fcinfo, 1, "p_service");
    const char* anon = PG_ARGISNULL(2) ? nullptr : callers::role_name(fcinfo, 2, "p_anon");
    const std::string_view names[] = {authenticated, service, anon == nullptr ? "" : anon};
    if (names[0] == names[1] || names[0] == names[2] || names[1] == names[2]) {
        throw Error(sqlstate::invalid_parameter_value, "the API roles must be different roles",
                    std::string("One role is named twice among ") + authenticated + ", " + service +
                        (anon == nullptr ? "" : std::string(", ") + anon) + ".",
                    "Give signed-in users, the service and anonymous callers a role each.");
    }
    pg::OwnerSpi spi;
    callers::revoke_all(get_role_oid(authenticated, false));
    callers::revoke_all(get_role_oid(service, false));
    if (anon != nullptr) {
        callers::revoke_all(get_role_oid(anon, false));
    }
    if (anon != nullptr) {
        callers::grant("anon", anon);
    }
    for (const char* role : {authenticated, service}) {
        callers::grant("anon", role);
        callers::grant("authenticated", role);
    }
    callers::grant("service", service);
    spi.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_revoke_default_privileges) {
    pg::OwnerSpi spi;
    callers::revoke_all(InvalidOid);
    spi.finish();
    PG_RETURN_VOID();
}
