// helix.edge_token: a signed token of a user, for trying out.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/tokens/jwt_signature.hpp"
#include "pg/guard.hpp"
#include "pg/intervals.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/times.hpp"
#include "pg/uuid.hpp"
#include "tokens/token_keys.hpp"

namespace helix::tokens {

namespace {

constexpr std::int64_t shortest_us = USECS_PER_SEC;
constexpr std::int64_t longest_us = 365 * USECS_PER_DAY;

pg::Statement select_user_role(R"(
    SELECT a.role::text FROM helix_internal.api_roles a WHERE a.audience = 'authenticated')");

const char* user_role() {
    pg::OwnerSpi spi;
    const bool found = select_user_role.execute() == 1;
    const char* role = found ? TextDatumGetCString(pg::copied_value(pg::only_column())) : nullptr;
    spi.finish();
    if (role == nullptr) {
        throw Error(sqlstate::object_not_in_prerequisite_state, "the API has no roles yet", {},
                    "Call helix.grant_api_access() first.");
    }
    return role;
}

std::string claims_of(const char* user, const char* role, std::int64_t now, std::int64_t ttl_s) {
    std::string claims = "{\"sub\":";
    append_json_quoted(claims, user);
    claims += ",\"role\":";
    append_json_quoted(claims, role);
    return claims + ",\"iat\":" + std::to_string(now) + ",\"exp\":" + std::to_string(now + ttl_s) + "}";
}

std::string signed_token(const std::string& claims) {
    const Secret secret = jwt_secret();
    if (secret.empty()) {
        throw Error(sqlstate::object_not_in_prerequisite_state, "there is no secret to sign tokens with",
                    "helix.jwt_secret_ref is not set.", "Set it to a reference, such as file:///etc/helix/jwt-secret.");
    }
    return sign_hs256(claims, secret.view());
}

} // namespace

HELIX_FUNCTION(helix_edge_token) {
    struct Argument {
        enum : int { user_id, ttl };
    };
    const char* user = pg::uuid_text(pg::required(fcinfo, Argument::user_id, "p_user_id", "Pass the user's uuid."));
    const auto ttl_s = pg::interval_argument(fcinfo, Argument::ttl, "p_ttl", shortest_us, longest_us) / USECS_PER_SEC;
    if (!superuser()) {
        throw Error(sqlstate::insufficient_privilege, "only a superuser makes tokens", {},
                    "Let the service that knows your users sign their tokens.");
    }
    const char* role = user_role();
    const auto token = signed_token(claims_of(user, role, pg::unix_seconds(GetCurrentTimestamp()), ttl_s));
    return pg::call([text = std::string_view(token)] { return pg::text_datum(text); });
}

} // namespace helix::tokens
