// Who is calling, by the JWT's claims or the setting, and for which users they may act.
#include "pg/prelude.hpp"

#include "callers/caller.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/uuid.hpp"
#include "pg/guard.hpp"
#include "pg/relations.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"

#include <cstring>

extern "C" {
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/syscache.h"
}

namespace helix::callers {

namespace {

const Caller* acting_as = nullptr; // while helix-edge's call for several is checked

constexpr int owner_column = 1; // of the statements that callers of check_may_use() pass

// The sub of the JWT claims; null where there is none.
const char* claimed_subject(const char* claims) {
    struct Argument {
        enum : int { json, field, count };
    };
    LOCAL_FCINFO(fcinfo, Argument::count);
    InitFunctionCallInfoData(*fcinfo, nullptr, Argument::count, InvalidOid, nullptr, nullptr);
    fcinfo->args[Argument::json] = {CStringGetTextDatum(claims), false};
    fcinfo->args[Argument::field] = {CStringGetTextDatum("sub"), false};
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

[[noreturn]] void refuse_user(const pg_uuid_t& user) {
    const char* const id = pg::uuid_text(user);
    throw Error(sqlstate::insufficient_privilege, "permission denied for this user's data",
                std::string("The caller may not act for user ") + id + ".",
                "Sign in as that user, or call as a service role (helix.grant_api_access sets one up).");
}

[[noreturn]] void refuse_thing(const char* kind, const std::string& name) {
    throw Error(sqlstate::insufficient_privilege, "permission denied for this user's data",
                std::string("The ") + kind + " " + name + " is another user's.",
                "Sign in as its user, or call as a service role (helix.grant_api_access sets one up).");
}

bool is_current_user(const pg_uuid_t& user) {
    const auto caller = current_user();
    return caller && memcmp(caller->data, user.data, UUID_LEN) == 0;
}

// One end of the range of users whose rows the caller may see: their own id, or null for nobody. Those who act for
// anyone see from the uuid of all bits 0 to that of all bits 1.
Datum visible_user(FunctionCallInfo fcinfo, unsigned char byte_for_anyone) {
    const auto visible = acts_for_anyone() ? pg::uniform_uuid(byte_for_anyone) : current_user();
    if (!visible) {
        PG_RETURN_NULL();
    }
    return pg::uuid_datum(*visible);
}

} // namespace

void act_as(const Caller* caller) noexcept {
    acting_as = caller;
}

std::optional<pg_uuid_t> current_user() {
    if (acting_as != nullptr) {
        return acting_as->user;
    }
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
    if (acting_as != nullptr) {
        return acting_as->for_anyone;
    }
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
        refuse_thing(kind, std::string("\"") + name + "\"");
    }
}

void Rights::check_may_use(const pg_uuid_t& owner, const char* kind, const pg_uuid_t& id) const {
    if (!for_anyone && !is_current_user(owner)) {
        refuse_thing(kind, pg::uuid_text(id));
    }
}

// Callers who act for anyone leave the role as it was decided, unless that role has their rights too. They leave a role
// that is gone as well: then nothing runs.
const char* Rights::run_as(const char* decided_before) const {
    const Oid before = get_role_oid(decided_before, true);
    const bool covers_before = OidIsValid(before) && has_privs_of_role(role, before);
    const bool before_covers = OidIsValid(before) && has_privs_of_role(before, role);
    const bool keeps_before = covers_before || (for_anyone && !before_covers);
    return keeps_before ? decided_before : GetUserNameFromId(role, false);
}

void Rights::check_may_use(pg::Statement& select, const Datum* values, const char* kind, const char* name) const {
    if (!for_anyone && select.execute_latest(values) > 0) {
        check_may_use(*DatumGetUUIDP(pg::column(0, owner_column)), kind, name);
    }
}

void Rights::check_may_use(pg::Statement& select, const Datum* values, const char* kind, const pg_uuid_t& id) const {
    if (!for_anyone && select.execute_latest(values) > 0) {
        check_may_use(*DatumGetUUIDP(pg::column(0, owner_column)), kind, id);
    }
}

void check_acts_for(const pg_uuid_t& user) {
    if (!acts_for_anyone() && !is_current_user(user)) {
        refuse_user(user);
    }
}

void check_records_for(const pg_uuid_t& user) {
    if (acts_for_anyone()) {
        return;
    }
    if (!is_current_user(user)) {
        refuse_user(user);
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
    return pg::uuid_datum(*user);
}

HELIX_FUNCTION(helix_authorized_user) {
    const Datum user = pg::required(fcinfo, 0, "p_user_id", "Pass the user's uuid.");
    check_acts_for(*DatumGetUUIDP(user));
    PG_RETURN_DATUM(user);
}

HELIX_FUNCTION(helix_first_visible_user) {
    return visible_user(fcinfo, 0x00);
}

HELIX_FUNCTION(helix_last_visible_user) {
    return visible_user(fcinfo, 0xff);
}

} // namespace helix::callers
