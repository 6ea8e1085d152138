// Signs tokens with a shared secret, and verifies them.
#include "core/tokens/jwt_signature.hpp"

#include "core/encoding.hpp"
#include "core/webhooks/mac.hpp"

namespace helix {

namespace {

Mac mac_of(std::string_view signed_part, std::string_view secret) {
    return hmac(Hash::sha256, secret, std::span(&signed_part, 1));
}

} // namespace

bool verify_hs256(const Jwt& jwt, std::string_view secret) {
    Mac claimed;
    if (jwt.algorithm != JwtAlgorithm::hs256 || secret.empty() || jwt.signature.size() > claimed.bytes.size()) {
        return false;
    }
    claimed.size = jwt.signature.copy(reinterpret_cast<char*>(claimed.bytes.data()), claimed.bytes.size());
    return equal(mac_of(jwt.signed_part, secret), claimed);
}

std::string sign_hs256(std::string_view claims, std::string_view secret) {
    const auto signed_part = encode_base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + encode_base64url(claims);
    const Mac mac = mac_of(signed_part, secret);
    return signed_part + "." + encode_base64url({reinterpret_cast<const char*>(mac.bytes.data()), mac.size});
}

} // namespace helix
