// The privileges of API roles: what helix_internal.api_grants lists, given to the roles that the DBA names.
#include "pg/prelude.hpp"

#include "callers/grants.hpp"

#include "callers/api_roles.hpp"
#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/values.hpp"

extern "C" {
#include "utils/acl.h"
#include "utils/array.h"
}

namespace helix::callers {

namespace {

pg::Statement select_privileges(R"(
    SELECT privilege FROM helix_internal.api_grants WHERE audience = $1 ORDER BY privilege COLLATE "C")",
                                {TEXTOID});

// What is to be revoked on helix's objects, as the words of a REVOKE. PUBLIC and the roles $1 lose everything; where $1
// is null, everyone but the owner does. Everybody loses the right to pass on what they have, with what they have passed
// on. A REVOKE on a table takes the columns' privileges too. The grantee 0 is PUBLIC.
pg::Statement select_revocations(R"(
    WITH schemas AS (
        SELECT n.oid, n.nspname, n.nspacl, n.nspowner FROM pg_catalog.pg_namespace n
         WHERE n.nspname IN ('helix', 'helix_internal')),
    relations AS (
        SELECT c.oid, CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass::text AS object,
               coalesce(c.relacl, pg_catalog.acldefault(
                   CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)) AS acl,
               c.relowner AS owner
          FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')),
    objects AS (
        SELECT 'SCHEMA ' || pg_catalog.quote_ident(s.nspname) AS object,
               coalesce(s.nspacl, pg_catalog.acldefault('n', s.nspowner)) AS acl, s.nspowner AS owner
          FROM schemas s
        UNION ALL
        SELECT r.object, r.acl, r.owner FROM relations r
        UNION ALL
        SELECT r.object, a.attacl, r.owner FROM relations r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
         WHERE a.attacl IS NOT NULL
        UNION ALL
        SELECT 'ROUTINE ' || p.oid::regprocedure::text, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
          FROM pg_catalog.pg_proc p JOIN schemas s ON s.oid = p.pronamespace
        UNION ALL
        SELECT 'TYPE ' || t.oid::regtype::text, coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), t.typowner
          FROM pg_catalog.pg_type t JOIN schemas s ON s.oid = t.typnamespace
         WHERE t.typrelid = 0 AND t.typelem = 0)
    SELECT DISTINCT CASE WHEN goes THEN 'ALL ON ' ELSE 'GRANT OPTION FOR ALL ON ' END || o.object || ' FROM ' ||
           CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END
      FROM objects o CROSS JOIN pg_catalog.aclexplode(o.acl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee,
           LATERAL (SELECT $1 IS NULL OR a.grantee = 0 OR a.grantee = ANY ($1) AS goes) g
     WHERE a.grantee <> o.owner AND (goes OR a.is_grantable)
     ORDER BY 1)",
                                 {OIDARRAYOID});

// `roles` is the oid[] $1 of select_revocations, or 0 for null. CASCADE takes what was passed on.
void revoke_all(Datum roles) {
    const auto revocations = pg::keep_rows(select_revocations.execute(&roles, roles != 0 ? " " : "n"));
    for (std::uint64_t row = 0; row < revocations.count; ++row) {
        pg::execute_text(psprintf("REVOKE %s CASCADE", revocations[row].only_text()));
    }
}

Datum oid_array(std::initializer_list<const char*> roles) {
    Datum* oids = static_cast<Datum*>(palloc(roles.size() * sizeof(Datum)));
    int count = 0;
    for (const char* role : roles) {
        if (role != nullptr) {
            oids[count++] = ObjectIdGetDatum(get_role_oid(role, false));
        }
    }
    return PointerGetDatum(construct_array(oids, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

// `anon` may be null.
void check_different(std::string_view authenticated, std::string_view service, const char* anon) {
    if (authenticated == service || (anon != nullptr && (anon == authenticated || anon == service))) {
        throw Error(sqlstate::invalid_parameter_value, "the API roles must be different roles",
                    "One role is named twice among " + std::string(authenticated) + ", " + std::string(service) +
                        (anon == nullptr ? "" : std::string(", ") + anon) + ".",
                    "Give signed-in users, the service and anonymous callers a role each.");
    }
}

} // namespace

void revoke_all(std::initializer_list<const char*> roles) {
    revoke_all(oid_array(roles));
}

void grant(const char* audience, const char* role) {
    const Datum value = CStringGetTextDatum(audience);
    const auto privileges = pg::keep_rows(select_privileges.execute(&value));
    for (std::uint64_t row = 0; row < privileges.count; ++row) {
        pg::execute_text(psprintf("GRANT %s TO %s", privileges[row].only_text(), quote_identifier(role)));
    }
}

const char* role_argument(FunctionCallInfo fcinfo, int number, const char* parameter) {
    const char* name = NameStr(*DatumGetName(pg::required(fcinfo, number, parameter, "Name an existing role.")));
    get_role_oid(name, false); // raises 42704
    return name;
}

HELIX_FUNCTION(helix_grant_api_access) {
    struct Argument {
        enum : int { authenticated, service, anon };
    };
    const char* authenticated = role_argument(fcinfo, Argument::authenticated, "p_authenticated");
    const char* service = role_argument(fcinfo, Argument::service, "p_service");
    const char* anon = PG_ARGISNULL(Argument::anon) ? nullptr : role_argument(fcinfo, Argument::anon, "p_anon");
    check_different(authenticated, service, anon);
    pg::OwnerSpi spi;
    revoke_all({authenticated, service, anon});
    if (anon != nullptr) {
        grant("anon", anon);
    }
    for (const char* role : {authenticated, service}) {
        grant("anon", role);
        grant("authenticated", role);
    }
    grant("service", service);
    remember_api_roles(authenticated, service, anon);
    spi.finish();
    PG_RETURN_VOID();
}

HELIX_FUNCTION(helix_revoke_default_privileges) {
    pg::OwnerSpi spi;
    revoke_all(Datum{0});
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::callers
