// Splits a token, reads its header, and checks the times of its claims.
#include "core/tokens/jwt.hpp"

#include "core/encoding.hpp"
#include "core/tokens/json_object.hpp"

#include <cmath>

namespace helix {

namespace {

// Of the part that ends at the next dot; the dot is dropped.
std::string_view take_part(std::string_view& rest) {
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos) {
        throw InvalidToken("it has not three parts");
    }
    const auto part = rest.substr(0, dot);
    rest.remove_prefix(dot + 1);
    return part;
}

std::string decoded(std::string_view part) {
    auto bytes = decode_base64url(part);
    if (!bytes) {
        throw InvalidToken("a part is not base64url");
    }
    return std::move(*bytes);
}

JwtAlgorithm algorithm_of(const json_t* header) {
    const auto name = text_member(header, "alg");
    if (name == "HS256") {
        return JwtAlgorithm::hs256;
    }
    if (name == "RS256") {
        return JwtAlgorithm::rs256;
    }
    if (name == "ES256") {
        return JwtAlgorithm::es256;
    }
    throw InvalidToken("its algorithm is not HS256, RS256 or ES256");
}

void read_header(const std::string& text, Jwt& jwt) {
    const auto header = parse_object(text);
    if (!header) {
        throw InvalidToken("its header is not a JSON object");
    }
    jwt.algorithm = algorithm_of(header.get());
    if (json_object_get(header.get(), "crit") != nullptr) { // RFC 7515, 4.1.11: who knows no such extension refuses
        throw InvalidToken("its header has crit");
    }
    if (json_object_get(header.get(), "kid") != nullptr) {
        const auto id = text_member(header.get(), "kid");
        if (!id) {
            throw InvalidToken("its kid is not text");
        }
        jwt.key_id = std::string(*id);
    }
}

// A time as seconds since 1970, with a fraction or not; nothing where there is none.
std::optional<double> time_of(const json_t* claims, const char* name) {
    const json_t* value = json_object_get(claims, name);
    if (value == nullptr) {
        return std::nullopt;
    }
    constexpr double latest = 1e15;
    if (!json_is_number(value) || !(std::fabs(json_number_value(value)) < latest)) {
        throw InvalidToken("a time is not a number of seconds");
    }
    return json_number_value(value);
}

std::optional<std::string> text_claim(const json_t* claims, const char* name) {
    const json_t* value = json_object_get(claims, name);
    if (value == nullptr || json_is_null(value)) {
        return std::nullopt;
    }
    const auto text = text_member(claims, name);
    if (!text) {
        throw InvalidToken("its role or sub is not text");
    }
    return std::string(*text);
}

} // namespace

Jwt parse_jwt(std::string_view token) {
    if (token.size() > longest_jwt) {
        throw InvalidToken("it is too long");
    }
    Jwt jwt{};
    std::string_view rest = token;
    const auto header = take_part(rest);
    const auto claims = take_part(rest);
    jwt.signed_part = token.substr(0, header.size() + 1 + claims.size());
    read_header(decoded(header), jwt);
    jwt.claims = decoded(claims);
    jwt.signature = decoded(rest);
    return jwt;
}

JwtClaims read_jwt_claims(const std::string& json, std::int64_t now) {
    const auto claims = parse_object(json);
    if (!claims) {
        throw InvalidToken("its claims are not a JSON object");
    }
    const auto expires = time_of(claims.get(), "exp");
    const auto not_before = time_of(claims.get(), "nbf");
    const auto issued = time_of(claims.get(), "iat");
    const auto earliest = static_cast<double>(now + jwt_skew_s);
    if (!expires) {
        throw InvalidToken("it has no exp");
    }
    if (*expires <= static_cast<double>(now - jwt_skew_s)) {
        throw InvalidToken("it has expired");
    }
    if ((not_before && *not_before > earliest) || (issued && *issued > earliest)) {
        throw InvalidToken("it is not valid yet");
    }
    return {text_claim(claims.get(), "role"), text_claim(claims.get(), "sub"),
            static_cast<std::int64_t>(std::floor(*expires))};
}

} // namespace helix
