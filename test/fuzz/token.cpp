// Fuzz target: tokens, their claims, and key sets. Strangers write the first two: no crash, what is signed is verified
// and nothing else, and a reduced key set has the same keys.
#include "check.hpp"
#include "core/encoding.hpp"
#include "core/error.hpp"
#include "core/tokens/jwk.hpp"
#include "core/tokens/jwt_signature.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <string>

using namespace helix;

namespace {

constexpr std::string_view secret = "a secret that has thirty-two bytes";

void read_token(const std::string& text) {
    try {
        const auto jwt = parse_jwt(text);
        check(!verify_hs256(jwt, secret), "a stranger has signed a token");
        check(text.starts_with(jwt.signed_part) && text[jwt.signed_part.size()] == '.', "another part is signed");
        read_jwt_claims(jwt.claims, 0);
    } catch (const InvalidToken&) {
    }
}

void read_claims(const std::string& text) {
    const auto token = sign_hs256(text, secret);
    const auto jwt = parse_jwt(token);
    check(jwt.claims == text, "the claims have changed");
    check(verify_hs256(jwt, secret), "an own token is not verified");
    try {
        read_jwt_claims(text, 1'000'000'000);
    } catch (const InvalidToken&) {
    }
}

void read_keys(const std::string& text) {
    try {
        const auto keys = PublicKeys::parse(text);
        const auto reduced = reduced_jwks(text);
        check(PublicKeys::parse(reduced).size() == keys.size(), "reducing has changed the number of keys");
        check(reduced_jwks(reduced) == reduced, "reducing twice is not the same as once");
    } catch (const Error&) {
    }
}

void read_base64url(const std::string& text) {
    check(decode_base64url(encode_base64url(text)) == text, "base64url has changed the bytes");
    if (const auto bytes = decode_base64url(text)) {
        check(encode_base64url(*bytes) == text, "two texts mean the same bytes");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    const int what = input.ConsumeIntegralInRange(0, 4);
    const auto text = input.ConsumeRemainingBytesAsString();
    switch (what) {
    case 0:
        read_token(text);
        break;
    case 1: { // a header and claims as they are
        const auto dot = std::min(text.find('\n'), text.size());
        read_token(encode_base64url(text.substr(0, dot)) + "." + encode_base64url(text.substr(dot)) + ".c2ln");
        break;
    }
    case 2:
        read_claims(text);
        break;
    case 3:
        read_keys(text);
        break;
    default:
        read_base64url(text);
    }
    return 0;
}
