#include "pg/prelude.hpp"

#include "callers/caller.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/uuid.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/uuid.hpp"

#include <cstring>

extern "C" {
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"
}

namespace helix::callers {

namespace {

// The sub of the JWT claims; null where there is none.
const char* claimed_subject(const char* claims) {
    LOCAL_FCINFO(fcinfo, 2);
    InitFunctionCallInfoData(*fcinfo, nullptr, 2, InvalidOid, nullptr, nullptr);
    fcinfo->args[0] = {CStringGetTextDatum(claims), false};
    fcinfo->args[1] = {CStringGetTextDatum("sub"), false};
    const Datum subject = json_object_field_text(fcinfo);
    return fcinfo->isnull ? nullptr : TextDatumGetCString(subject);
}

Oid mark_of_service_roles() {
    oidvector no_arguments{};
    SET_VARSIZE(&no_arguments, offsetof(oidvector, values));
    no_arguments.ndim = 1;
    no_arguments.elemtype = OIDOID;
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("act_for_anyone"),
                           PointerGetDatum(&no_arguments), ObjectIdGetDatum(pg::internal_schema()));
}

std::string to_text(const pg_uuid_t& uuid) {
    return pg::uuid_text(uuid);
}

[[noreturn]] void refuse(const pg_uuid_t& user) {
    throw Error(sqlstate::insufficient_privilege, "permission denied for this user's data",
                "The caller may not act for user " + to_text(user) + ".",
                "Sign in as that user, or call as a service role (helix.grant_api_access sets one up).");
}

[[noreturn]] void refuse(const char* kind, const std::string& name) {
    throw Error(sqlstate::insufficient_privilege, "permission denied for this user's data",
                std::string("The ") + kind + " " + name + " is another user's.",
                "Sign in as its user, or call as a service role (helix.grant_api_access sets one up).");
}

bool is_current_user(const pg_uuid_t& user) {
    const auto caller = current_user();
    return caller && memcmp(caller->data, user.data, UUID_LEN) == 0;
}

pg_uuid_t uniform_uuid(unsigned char byte) {
    pg_uuid_t uuid;
    memset(uuid.data, byte, UUID_LEN);
    return uuid;
}

Datum visible_user(FunctionCallInfo fcinfo, unsigned char bound_for_all) {
    const auto visible = acts_for_anyone() ? uniform_uuid(bound_for_all) : current_user();
    if (!visible) {
        PG_RETURN_NULL();
    }
    auto* result = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    *result = *visible;
    PG_RETURN_UUID_P(result);
}

} // namespace

std::optional<pg_uuid_t> current_user() {
    const char* claims = GetConfigOption("request.jwt.claims", true, false);
    const bool has_claims = claims != nullptr && *claims != '\0';
    const char* subject = has_claims ? claimed_subject(claims) : config::user_id;
    if (subject == nullptr || *subject == '\0') {
        return std::nullopt;
    }
    const auto bytes = parse_uuid(subject);
    if (!bytes) {
        throw Error(sqlstate::invalid_parameter_value, "the signed-in user's id is not a uuid",
                    std::string("The subject is \"") + subject + "\".",
                    "helix knows users by uuid; issue JWTs whose sub is one.");
    }
    pg_uuid_t user;
    memcpy(user.data, bytes->data(), UUID_LEN);
    return user;
}

bool acts_for_anyone() {
    if (superuser()) {
        return true;
    }
    const Oid mark = mark_of_service_roles();
    return OidIsValid(mark) && pg::may_execute(mark, GetUserId());
}

Rights rights() {
    return {acts_for_anyone(), GetUserId()};
}

void Rights::check_may_use(const pg_uuid_t& owner, const char* kind, const char* name) const {
    if (!for_anyone && !is_current_user(owner)) {
        refuse(kind, std::string("\"") + name + "\"");
    }
}

void Rights::check_may_use(const pg_uuid_t& owner, const char* kind, const pg_uuid_t& id) const {
    if (!for_anyone && !is_current_user(owner)) {
        refuse(kind, to_text(id));
    }
}

// A role that acts for anyone acts for another role's user as that role; where that role is gone, nobody runs it.
const char* Rights::run_as(const char* decided_before) const {
    const Oid before = get_role_oid(decided_before, true);
    const bool covers_it = OidIsValid(before) && has_privs_of_role(role, before);
    const bool is_covered = OidIsValid(before) && has_privs_of_role(before, role);
    return covers_it || (for_anyone && !is_covered) ? decided_before : GetUserNameFromId(role, false);
}

void Rights::check_may_use(pg::Statement& select, const Datum* values, const char* kind, const char* name) const {
    if (!for_anyone && select.execute_latest(values) > 0) {
        check_may_use(*DatumGetUUIDP(pg::column(0, 1)), kind, name);
    }
}

void Rights::check_may_use(pg::Statement& select, const Datum* values, const char* kind, const pg_uuid_t& id) const {
    if (!for_anyone && select.execute_latest(values) > 0) {
        check_may_use(*DatumGetUUIDP(pg::column(0, 1)), kind, id);
    }
}

void check_acts_for(const pg_uuid_t& user) {
    if (!acts_for_anyone() && !is_current_user(user)) {
        refuse(user);
    }
}

void check_records_for(const pg_uuid_t& user) {
    if (acts_for_anyone()) {
        return;
    }
    if (!is_current_user(user)) {
        refuse(user);
    }
    if (!config::allow_self_recording) {
        throw Error(sqlstate::insufficient_privilege, "permission denied to record executions",
                    "helix.allow_self_recording is off, so only service roles record.",
                    "Record from the server with a service role, or turn the setting on.");
    }
}

HELIX_FUNCTION(helix_current_user_id) {
    const auto user = current_user();
    if (!user) {
        PG_RETURN_NULL();
    }
    auto* result = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    *result = *user;
    PG_RETURN_UUID_P(result);
}

HELIX_FUNCTION(helix_authorized_user) {
    if (PG_ARGISNULL(0)) {
        throw null_value("p_user_id", "Pass the user's uuid.");
    }
    check_acts_for(*PG_GETARG_UUID_P(0));
    PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

HELIX_FUNCTION(helix_first_visible_user) {
    return visible_user(fcinfo, 0x00);
}

HELIX_FUNCTION(helix_last_visible_user) {
    return visible_user(fcinfo, 0xff);
}

} // namespace helix::callers
