// helix_internal.verify_jwt: whom a token stands for. A refusal tells the caller nothing but that.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/tokens/jwt_signature.hpp"
#include "core/uuid.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"
#include "pg/uuid.hpp"
#include "pg/values.hpp"
#include "tokens/token_keys.hpp"

#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
}

namespace helix::tokens {

namespace {

constexpr TimestampTz longest_keep_us = USECS_PER_MINUTE; // so that a change of keys and roles counts soon

// The role's audience; a role that has been dropped is none of the API.
pg::Statement select_role(R"(
    SELECT a.role::text, a.audience,
           pg_catalog.has_schema_privilege(a.role, 'helix', 'USAGE')
           AND (SELECT pg_catalog.bool_and(pg_catalog.has_function_privilege(a.role, p.oid, 'EXECUTE'))
                  FROM pg_catalog.pg_proc p
                 WHERE p.proname = 'record_operation_execution' AND p.pronamespace = 'helix'::regnamespace)
      FROM helix_internal.api_roles a
     WHERE (a.role::text = $1 OR ($1 IS NULL AND a.audience = 'anon'))
       AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = a.role))",
                          {TEXTOID});
struct RoleRow {
    enum : int { role = 1, audience, may_record };
};

// What a token says, as plain data. `reason` says why it is refused; it is a literal, for the server's log.
struct Verified {
    const char* reason;
    const char* role; // null: it names none
    const char* claims;
    std::size_t claims_size;
    std::optional<pg_uuid_t> user;
    std::int64_t expires; // seconds since 1970
};

const char* copied(const std::string& text) {
    const char* bytes = text.data();
    const std::size_t size = text.size();
    return pg::call([bytes, size] { return static_cast<const char*>(pnstrdup(bytes, size)); });
}

std::optional<pg_uuid_t> user_of(const std::optional<std::string>& subject) {
    const auto bytes = subject ? parse_uuid(*subject) : std::nullopt;
    if (!bytes) {
        return std::nullopt;
    }
    pg_uuid_t user;
    memcpy(user.data, bytes->data(), UUID_LEN);
    return user;
}

void check_signature(const Jwt& jwt) {
    if (jwt.algorithm != JwtAlgorithm::hs256) {
        if (!is_signed_by_key(jwt)) {
            throw InvalidToken("no public key has signed it");
        }
        return;
    }
    const Secret secret = jwt_secret();
    if (secret.empty()) {
        throw InvalidToken("helix.jwt_secret_ref is not set");
    }
    if (!verify_hs256(jwt, secret.view())) {
        throw InvalidToken("the secret has not signed it");
    }
}

// The signature first: nothing is read of what somebody else has written.
Verified verified(std::string_view token, std::int64_t now) {
    try {
        const Jwt jwt = parse_jwt(token);
        check_signature(jwt);
        const JwtClaims claims = read_jwt_claims(jwt.claims, now);
        return {nullptr,
                claims.role ? copied(*claims.role) : nullptr,
                copied(jwt.claims),
                jwt.claims.size(),
                user_of(claims.subject),
                claims.expires};
    } catch (const InvalidToken& refused) {
        Verified result{};
        result.reason = refused.what();
        return result;
    }
}

[[noreturn]] void refuse(const char* reason) {
    ereport(DEBUG1, (errmsg_internal("helix refuses a token: %s", reason), errhidestmt(true)));
    ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION), errmsg("invalid token")));
    pg_unreachable();
}

struct Role {
    const char* name;
    bool is_service;
    bool may_record;
};

// `claimed` null means the anonymous role.
Role find_role(const char* claimed) {
    const Datum value = claimed == nullptr ? 0 : CStringGetTextDatum(claimed);
    Role role{};
    pg::OwnerSpi spi;
    if (select_role.execute(&value, claimed == nullptr ? "n" : " ", 1) == 1) {
        role.is_service = pg::text_view(pg::column(0, RoleRow::audience)) == "service";
        role.may_record = DatumGetBool(pg::column(0, RoleRow::may_record));
        role.name = TextDatumGetCString(pg::copied_value(pg::column(0, RoleRow::role)));
    }
    spi.finish();
    return role;
}

// Claims are UTF-8, the database may have another encoding.
const char* claims_of(const Verified& token) {
    return pg_any_to_server(token.claims, static_cast<int>(token.claims_size), PG_UTF8);
}

// Those of nobody, as PostgREST has them.
const char* claims_of(const Role& anonymous) {
    std::string claims = "{\"role\": ";
    append_json_quoted(claims, anonymous.name);
    return copied(claims + "}");
}

// An exp that is far away may be later than any timestamp.
TimestampTz kept_until(std::int64_t expires, TimestampTz now) {
    const TimestampTz longest = now + longest_keep_us;
    return expires > pg::unix_seconds(longest) ? longest : std::min(longest, pg::time_of_unix(expires + jwt_skew_s));
}

Datum answer(FunctionCallInfo fcinfo, const Role& role, const char* claims, const std::optional<pg_uuid_t>& user,
             TimestampTz keep_until) {
    TupleDesc columns = pg::result_columns(fcinfo);
    pg::Values row;
    row.add(pg::name_datum(role.name)).add_text(claims);
    row.add_uuid(user ? &*user : nullptr).add(BoolGetDatum(role.is_service)).add(TimestampTzGetDatum(keep_until));
    row.add(BoolGetDatum(role.may_record));
    return row.row(columns);
}

} // namespace

HELIX_FUNCTION(helix_verify_jwt) {
    const auto token = PG_ARGISNULL(0) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(0));
    const TimestampTz now = GetCurrentTimestamp();
    if (token.empty()) {
        const Role anonymous = find_role(nullptr);
        if (anonymous.name == nullptr) {
            refuse("there is none, and no anonymous role");
        }
        return answer(fcinfo, anonymous, claims_of(anonymous), std::nullopt, now + longest_keep_us);
    }
    const Verified found = verified(token, pg::unix_seconds(now));
    if (found.reason != nullptr) {
        refuse(found.reason);
    }
    const Role role = find_role(found.role);
    if (role.name == nullptr) {
        refuse("its role is none of the API's");
    }
    return answer(fcinfo, role, claims_of(found), found.user, kept_until(found.expires, now));
}

} // namespace helix::tokens
