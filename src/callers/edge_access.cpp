// helix.grant_edge_access: makes a role one that helix-edge signs in as.
#include "pg/prelude.hpp"

#include "callers/api_roles.hpp"
#include "callers/grants.hpp"
#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "utils/acl.h"
#include "utils/syscache.h"
}

namespace helix::callers {

namespace {

bool inherits(const char* role) {
    HeapTuple row = SearchSysCache1(AUTHNAME, CStringGetDatum(role));
    if (!HeapTupleIsValid(row)) {
        return false;
    }
    const bool result = reinterpret_cast<Form_pg_authid>(GETSTRUCT(row))->rolinherit;
    ReleaseSysCache(row);
    return result;
}

// Else it would have all the rights of the API roles at once, without saying as whom it acts.
void check_edge_role(const char* role) {
    if (superuser_arg(get_role_oid(role, false))) {
        throw Error(sqlstate::invalid_parameter_value, "helix-edge may not be a superuser",
                    std::string("The role ") + role + " is one.",
                    "Create a role for it: CREATE ROLE … LOGIN NOINHERIT.");
    }
    if (inherits(role)) {
        throw Error(sqlstate::invalid_parameter_value, "the role of helix-edge must not inherit",
                    std::string("The role ") + role + " has the rights of the roles that it is a member of.",
                    std::string("Run ALTER ROLE ") + quote_identifier(role) + " NOINHERIT.");
    }
}

// Tokens and bodies are parameters: they stay out of the log however talkative it is.
void keep_parameters_unlogged(const char* role) {
    for (const char* setting : {"log_parameter_max_length", "log_parameter_max_length_on_error"}) {
        pg::execute_text(psprintf("ALTER ROLE %s SET %s = 0", quote_identifier(role), setting));
    }
}

} // namespace

HELIX_FUNCTION(helix_grant_edge_access) {
    const char* role = role_argument(fcinfo, 0, "p_role");
    check_edge_role(role);
    pg::OwnerSpi spi;
    revoke_all({role});
    grant("edge", role);
    let_take_on(role);
    keep_parameters_unlogged(role);
    spi.finish();
    PG_RETURN_VOID();
}

} // namespace helix::callers
