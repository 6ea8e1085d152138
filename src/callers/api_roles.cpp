// Which roles the API has, and the memberships of the roles of helix-edge in them.
#include "pg/prelude.hpp"

#include "callers/api_roles.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/kept_rows.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

#include <cstring>

extern "C" {
#include "utils/acl.h"
}

namespace helix::callers {

namespace {

// A role that has been dropped is no longer one of the API.
pg::Statement select_api_roles(R"(
    SELECT r.rolname::text
      FROM helix_internal.api_roles a JOIN pg_catalog.pg_roles r ON r.rolname = a.role
     ORDER BY r.rolname)");

// Whoever may have tokens verified is a helix-edge.
pg::Statement select_edge_roles(R"(
    SELECT r.rolname::text
      FROM pg_catalog.pg_proc p CROSS JOIN pg_catalog.aclexplode(p.proacl) a
           JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
     WHERE p.proname = 'verify_jwt' AND p.pronamespace = 'helix_internal'::regnamespace AND a.grantee <> p.proowner
     ORDER BY r.rolname)");

pg::Statement delete_api_roles("DELETE FROM helix_internal.api_roles");
pg::Statement insert_api_role(R"(
    INSERT INTO helix_internal.api_roles (audience, role) VALUES ($1, $2::name))",
                              {TEXTOID, TEXTOID});

struct Roles {
    const char** names;
    std::uint64_t count;
    std::span<const char*> all() const { return {names, count}; }
};

Roles roles_of(pg::Statement& select) {
    const auto rows = pg::keep_rows(select.execute_latest());
    Roles roles{static_cast<const char**>(palloc(sizeof(char*) * (rows.count + 1))), rows.count};
    for (std::uint64_t row = 0; row < rows.count; ++row) {
        roles.names[row] = rows[row].only_text();
    }
    return roles;
}

// Whoever takes on a superuser may do anything.
void refuse_superuser(const char* role) {
    if (superuser_arg(get_role_oid(role, false))) {
        throw Error(sqlstate::invalid_parameter_value, "helix-edge may not take on a superuser",
                    std::string("The API role ") + role + " is one.", "Name another role in helix.grant_api_access.");
    }
}

void give_role(const char* api_role, const char* edge_role) {
    refuse_superuser(api_role);
    pg::execute_text(
        psprintf("GRANT %s TO %s%s", quote_identifier(api_role), quote_identifier(edge_role), pg::to_be_set_only));
}

void take_role(const char* api_role, const char* edge_role) {
    pg::execute_text(psprintf("REVOKE %s FROM %s", quote_identifier(api_role), quote_identifier(edge_role)));
}

template <typename Change>
void for_each_pair(const Roles& edge_roles, Change change) {
    const Roles api_roles = roles_of(select_api_roles);
    for (const char* edge_role : edge_roles.all()) {
        for (const char* api_role : api_roles.all()) {
            change(api_role, edge_role);
        }
    }
}

void store_role(const char* audience, const char* role) {
    const Datum values[] = {CStringGetTextDatum(audience), CStringGetTextDatum(role)};
    insert_api_role.execute(values);
}

} // namespace

void remember_api_roles(const char* authenticated, const char* service, const char* anon) {
    const Roles edge_roles = roles_of(select_edge_roles);
    for_each_pair(edge_roles, take_role);
    delete_api_roles.execute();
    store_role("authenticated", authenticated);
    store_role("service", service);
    if (anon != nullptr) {
        store_role("anon", anon);
    }
    for_each_pair(edge_roles, give_role);
}

void let_take_on(const char* edge_role) {
    const Roles api_roles = roles_of(select_api_roles);
    for (const char* api_role : api_roles.all()) {
        if (strcmp(api_role, edge_role) == 0) {
            throw Error(sqlstate::invalid_parameter_value, "helix-edge needs a role of its own",
                        std::string("The role ") + edge_role + " is an API role.", "Create another role for it.");
        }
        give_role(api_role, edge_role);
    }
}

} // namespace helix::callers
