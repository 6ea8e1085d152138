// Tokens: the vectors of RFC 7515, appendix A, forged and malformed tokens, and the times of claims.
#include "core/tokens/jwt.hpp"

#include "core/encoding.hpp"
#include "core/error.hpp"
#include "core/tokens/jwk.hpp"
#include "core/tokens/jwt_signature.hpp"

#include <gtest/gtest.h>

namespace helix {
namespace {

// The claims of all three: {"iss":"joe", "exp":1300819380, "http://example.com/is_root":true}
const std::string claims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr std::int64_t expires = 1'300'819'380;

// RFC 7515, A.1
const std::string hs256 =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const std::string secret =
    *decode_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");

// A.2
const std::string rs256 =
    "eyJhbGciOiJSUzI1NiJ9." + claims +
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1"
    "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
    "xi12jzDwu"
    "sC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
    "IoypGlUPQGe77Rw";
const std::string rsa_key =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d)"
    R"(4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-U)"
    R"(To7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk)"
    R"(2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB")";

// A.3
const std::string es256 = "eyJhbGciOiJFUzI1NiJ9." + claims +
                          ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const std::string ec_key = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                           R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";

PublicKeys keys_of(const std::string& keys) {
    return PublicKeys::parse(R"({"keys":[)" + keys + "]}");
}

std::string with_header(const std::string& header, const std::string& body = R"({"exp":1300819380})") {
    return encode_base64url(header) + "." + encode_base64url(body) + "." + encode_base64url("signature");
}

std::string reason_of(const std::string& token) {
    try {
        parse_jwt(token);
        return "none";
    } catch (const InvalidToken& refused) {
        return refused.what();
    }
}

std::string reason_of_claims(const std::string& json, std::int64_t now = expires - 100) {
    try {
        read_jwt_claims(json, now);
        return "none";
    } catch (const InvalidToken& refused) {
        return refused.what();
    }
}

TEST(Jwt, VerifiesTheVectorsOfRfc7515) {
    EXPECT_TRUE(verify_hs256(parse_jwt(hs256), secret));
    const auto keys = keys_of(rsa_key + "}," + ec_key + "}");
    EXPECT_EQ(keys.size(), 2U);
    EXPECT_TRUE(keys.verify(parse_jwt(rs256)));
    EXPECT_TRUE(keys.verify(parse_jwt(es256)));
    EXPECT_EQ(read_jwt_claims(parse_jwt(hs256).claims, expires).expires, expires);
}

TEST(Jwt, NoByteOfATokenMayChange) {
    const auto keys = keys_of(rsa_key + "}," + ec_key + "}");
    for (const auto& token : {hs256, rs256, es256}) {
        for (std::size_t at = 0; at < token.size(); ++at) {
            auto changed = token;
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            try {
                const auto jwt = parse_jwt(changed);
                EXPECT_FALSE(keys.verify(jwt) || verify_hs256(jwt, secret)) << at << " of " << changed;
            } catch (const InvalidToken&) {
            }
        }
    }
}

TEST(Jwt, AKeyVerifiesItsOwnAlgorithmOnly) {
    const auto rsa = keys_of(rsa_key + "}");
    const auto ec = keys_of(ec_key + "}");
    EXPECT_FALSE(rsa.verify(parse_jwt(es256)));
    EXPECT_FALSE(ec.verify(parse_jwt(rs256)));
    EXPECT_FALSE(rsa.verify(parse_jwt(hs256)));
    // Signed by HS256 with what is public of the key: nobody takes a public key for a secret.
    const auto token = sign_hs256(R"({"exp":1300819380})", rsa_key + "}");
    const auto forged = parse_jwt(token);
    EXPECT_FALSE(rsa.verify(forged));
    EXPECT_FALSE(rsa.has_key_for(forged));
    EXPECT_FALSE(verify_hs256(parse_jwt(rs256), secret));
    EXPECT_FALSE(verify_hs256(parse_jwt(hs256), secret + "x"));
    EXPECT_FALSE(verify_hs256(parse_jwt(hs256), ""));
}

TEST(Jwt, TheKidSelectsTheKey) {
    const auto keys = keys_of(rsa_key + R"(,"kid":"a"},)" + ec_key + R"(,"kid":"b"})");
    Jwt jwt = parse_jwt(rs256);
    EXPECT_TRUE(keys.verify(jwt)); // without a kid any key of its algorithm
    jwt.key_id = "a";
    EXPECT_TRUE(keys.verify(jwt));
    jwt.key_id = "b";
    EXPECT_FALSE(keys.has_key_for(jwt));
    EXPECT_FALSE(keys.verify(jwt));
    EXPECT_EQ(*parse_jwt(with_header(R"({"alg":"RS256","kid":"a"})")).key_id, "a");
}

TEST(Jwt, KeysForSomethingElseAreLeftOut) {
    EXPECT_EQ(keys_of(rsa_key + R"(,"use":"enc"})").size(), 0U);
    EXPECT_EQ(keys_of(rsa_key + R"(,"alg":"RS512"})").size(), 0U);
    EXPECT_EQ(keys_of(ec_key + R"(,"alg":"ES256","use":"sig"})").size(), 1U);
    EXPECT_EQ(keys_of(R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"})").size(), 0U);
    EXPECT_EQ(keys_of(R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNg","e":"AQAB"})").size(), 0U); // too short
    EXPECT_EQ(keys_of(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                      R"("y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})")
                  .size(),
              0U); // not on the curve
    EXPECT_EQ(keys_of(R"(1,null,{})").size(), 0U);
    for (const char* text : {"", "{}", "[]", "{\"keys\":1}", "{\"keys\":[]", "{\"keys\":[],\"keys\":[]}"}) {
        EXPECT_THROW(PublicKeys::parse(text), Error) << text;
    }
}

TEST(Jwt, AReducedSetHasTheSameKeys) {
    const auto reduced = reduced_jwks(R"({"keys":[)" + rsa_key +
                                      R"(,"kid":"a\"b","x5c":["long"],"x5t":"z"},{"kty":"RSA","use":"enc"},)" + ec_key +
                                      R"(,"alg":"ES256"}]})");
    EXPECT_EQ(reduced.find("x5"), std::string::npos);
    EXPECT_EQ(reduced.find("enc"), std::string::npos);
    const auto keys = PublicKeys::parse(reduced);
    Jwt jwt = parse_jwt(rs256);
    jwt.key_id = "a\"b";
    EXPECT_TRUE(keys.verify(jwt));
    EXPECT_TRUE(keys.verify(parse_jwt(es256)));
    EXPECT_EQ(reduced_jwks(R"({"keys":[]})"), R"({"keys":[]})");
}

TEST(Jwt, MalformedTokensAreRefused) {
    const std::string algorithm = "its algorithm is not HS256, RS256 or ES256";
    EXPECT_EQ(reason_of(with_header(R"({"alg":"none"})")), algorithm);
    EXPECT_EQ(reason_of(with_header(R"({"alg":"None"})")), algorithm);
    EXPECT_EQ(reason_of(with_header(R"({"alg":"HS512"})")), algorithm);
    EXPECT_EQ(reason_of(with_header(R"({"alg":["HS256"]})")), algorithm);
    EXPECT_EQ(reason_of(with_header(R"({})")), algorithm);
    EXPECT_EQ(reason_of(with_header(R"({"alg":"HS256","crit":["b64"],"b64":false})")), "its header has crit");
    EXPECT_EQ(reason_of(with_header(R"({"alg":"HS256","kid":1})")), "its kid is not text");
    EXPECT_EQ(reason_of(with_header(R"({"alg":"none","alg":"HS256"})")), "its header is not a JSON object");
    EXPECT_EQ(reason_of(with_header(R"(["alg","HS256"])")), "its header is not a JSON object");
    EXPECT_EQ(reason_of("a.b"), "it has not three parts");
    EXPECT_EQ(reason_of(hs256 + "."), "a part is not base64url");
    EXPECT_EQ(reason_of(hs256 + "="), "a part is not base64url");
    EXPECT_EQ(reason_of(hs256 + "\n"), "a part is not base64url");
    EXPECT_EQ(reason_of(std::string(longest_jwt + 1, 'A')), "it is too long");
    EXPECT_EQ(reason_of(hs256), "none");
}

TEST(Jwt, TimesHaveThirtySeconds) {
    const auto refused = [](const std::string& json, std::int64_t now) { return reason_of_claims(json, now); };
    EXPECT_EQ(refused(R"({"exp":1000})", 1029), "none");
    EXPECT_EQ(refused(R"({"exp":1000})", 1030), "it has expired");
    EXPECT_EQ(refused(R"({"exp":2000,"nbf":1030})", 1000), "none");
    EXPECT_EQ(refused(R"({"exp":2000,"nbf":1031})", 1000), "it is not valid yet");
    EXPECT_EQ(refused(R"({"exp":2000,"iat":1031.5})", 1000), "it is not valid yet");
    EXPECT_EQ(refused(R"({"exp":2000,"iat":1030})", 1000), "none");
    EXPECT_EQ(refused(R"({"iat":1000})", 1000), "it has no exp");
    EXPECT_EQ(refused(R"({"exp":null})", 1000), "a time is not a number of seconds");
    EXPECT_EQ(refused(R"({"exp":"2000"})", 1000), "a time is not a number of seconds");
    EXPECT_EQ(refused(R"({"exp":1e300})", 1000), "a time is not a number of seconds");
    EXPECT_EQ(refused(R"({"exp":99999999999999999999})", 1000), "its claims are not a JSON object"); // as an integer
}

TEST(Jwt, ClaimsAreReadStrictly) {
    const auto read = read_jwt_claims(R"({"exp":1300819380,"role":"authenticated","sub":"me"})", expires);
    EXPECT_EQ(*read.role, "authenticated");
    EXPECT_EQ(*read.subject, "me");
    EXPECT_FALSE(read_jwt_claims(R"({"exp":1300819380,"role":null})", expires).role);
    EXPECT_EQ(reason_of_claims(R"({"exp":1300819380,"role":["a"]})"), "its role or sub is not text");
    EXPECT_EQ(reason_of_claims(R"({"exp":1300819380,"sub":7})"), "its role or sub is not text");
    const std::string form = "its claims are not a JSON object";
    EXPECT_EQ(reason_of_claims(R"({"exp":1300819380,"role":"anon","role":"service"})"), form);
    EXPECT_EQ(reason_of_claims("[]"), form);
    EXPECT_EQ(reason_of_claims(""), form);
    EXPECT_EQ(reason_of_claims(std::string(R"({"exp":1300819380,"sub":"a\u0000b"})")), form);
    EXPECT_EQ(reason_of_claims("{\"exp\":1300819380,\"sub\":\"\xff\"}"), form);
}

TEST(Jwt, WhatIsSignedIsVerified) {
    const auto token = sign_hs256(R"({"exp":1300819380,"role":"a"})", secret);
    EXPECT_EQ(parse_jwt(token).claims, R"({"exp":1300819380,"role":"a"})");
    EXPECT_TRUE(verify_hs256(parse_jwt(token), secret));
    EXPECT_FALSE(verify_hs256(parse_jwt(token), "another secret of thirty-two bytes"));
}

} // namespace
} // namespace helix
