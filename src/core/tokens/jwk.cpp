// Reads public keys from JSON, and verifies signatures by them.
#include "core/tokens/jwk.hpp"

#include "core/encoding.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/tokens/json_object.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace helix {

namespace {

constexpr int least_rsa_bits = 2048; // RFC 7518, 3.3
constexpr int most_rsa_bits = 8192;  // longer ones would cost too much for each token
constexpr std::size_t coordinate_size = 32;
constexpr const char* names[] = {"kty", "kid", "use", "alg", "crv", "n", "e", "x", "y"}; // all that is read

struct Free {
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

template <typename T>
Owned<T> own(T* made) {
    if (made == nullptr) {
        throw std::bad_alloc();
    }
    return Owned<T>(made);
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> number_of(std::string_view bytes) {
    return own(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

// A member of a key that is base64url; empty where it is not.
std::string bytes_member(const json_t* key, const char* name) {
    const auto text = text_member(key, name);
    auto bytes = text ? decode_base64url(*text) : std::nullopt;
    return bytes ? std::move(*bytes) : std::string();
}

// Null where OpenSSL takes the parameters for no public key, such as a point that is not on the curve.
EVP_PKEY* make_key(const char* type, OSSL_PARAM_BLD* builder) {
    const auto parameters = own(OSSL_PARAM_BLD_to_param(builder));
    const auto context = own(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return nullptr;
    }
    return key;
}

EVP_PKEY* rsa_key(const json_t* key) {
    const auto modulus = number_of(bytes_member(key, "n"));
    const auto exponent = number_of(bytes_member(key, "e"));
    const int bits = BN_num_bits(modulus.get());
    if (bits < least_rsa_bits || bits > most_rsa_bits || BN_num_bits(exponent.get()) > 64 ||
        !BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) {
        return nullptr;
    }
    const auto builder = own(OSSL_PARAM_BLD_new());
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
        throw std::bad_alloc();
    }
    return make_key("RSA", builder.get());
}

EVP_PKEY* ec_key(const json_t* key) {
    const auto x = bytes_member(key, "x");
    const auto y = bytes_member(key, "y");
    if (text_member(key, "crv") != "P-256" || x.size() != coordinate_size || y.size() != coordinate_size) {
        return nullptr;
    }
    const auto point = "\x04" + x + y; // uncompressed
    const auto builder = own(OSSL_PARAM_BLD_new());
    if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
        throw std::bad_alloc();
    }
    return make_key("EC", builder.get());
}

// A signature of RFC 7518, 3.4 as OpenSSL takes it; empty where it is none.
std::string der_of(std::string_view signature) {
    if (signature.size() != 2 * coordinate_size) {
        return {};
    }
    const auto both = own(ECDSA_SIG_new());
    auto r = number_of(signature.substr(0, coordinate_size));
    auto s = number_of(signature.substr(coordinate_size));
    ECDSA_SIG_set0(both.get(), r.release(), s.release());
    unsigned char* bytes = nullptr;
    const int size = i2d_ECDSA_SIG(both.get(), &bytes);
    if (size <= 0) {
        throw std::bad_alloc();
    }
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
}

bool verifies(EVP_PKEY* key, std::string_view message, std::string_view signature) {
    const auto context = own(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) ==
               1;
}

// Calls use(key) for each object in the set.
template <typename Use>
void for_each_key(std::string_view jwks, Use use) {
    const auto set = parse_object(jwks);
    const json_t* keys = json_object_get(set.get(), "keys");
    if (!json_is_array(keys)) {
        throw Error(sqlstate::invalid_parameter_value, "not a JSON Web Key Set", {},
                    "Name what holds {\"keys\": […]}, as the service that signs the tokens publishes it.");
    }
    for (std::size_t at = 0; at < json_array_size(keys); ++at) {
        if (json_is_object(json_array_get(keys, at))) {
            use(json_array_get(keys, at));
        }
    }
}

// A key that says that it is for something else is left out.
bool is_for(const json_t* key, const char* algorithm) {
    return text_member(key, "use").value_or("sig") == "sig" && text_member(key, "alg").value_or(algorithm) == algorithm;
}

} // namespace

void PublicKeys::FreeKey::operator()(EVP_PKEY* key) const {
    EVP_PKEY_free(key);
}

bool PublicKeys::Key::suits(const Jwt& jwt) const {
    return algorithm == jwt.algorithm && (!jwt.key_id || jwt.key_id == id);
}

PublicKeys PublicKeys::parse(std::string_view jwks) {
    PublicKeys result;
    for_each_key(jwks, [&](const json_t* key) {
        const auto type = text_member(key, "kty");
        const bool is_rsa = type == "RSA" && is_for(key, "RS256");
        const bool is_ec = type == "EC" && is_for(key, "ES256");
        EVP_PKEY* const made = is_rsa ? rsa_key(key) : is_ec ? ec_key(key) : nullptr;
        if (made != nullptr) {
            std::unique_ptr<EVP_PKEY, FreeKey> owned(made);
            const auto id = text_member(key, "kid");
            result.keys_.push_back({is_rsa ? JwtAlgorithm::rs256 : JwtAlgorithm::es256,
                                    id ? std::optional(std::string(*id)) : std::nullopt, std::move(owned)});
        }
    });
    return result;
}

bool PublicKeys::has_key_for(const Jwt& jwt) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.suits(jwt); });
}

bool PublicKeys::verify(const Jwt& jwt) const {
    const auto signature = jwt.algorithm == JwtAlgorithm::es256 ? der_of(jwt.signature) : jwt.signature;
    return !signature.empty() && std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) {
        return key.suits(jwt) && verifies(key.key.get(), jwt.signed_part, signature);
    });
}

std::string reduced_jwks(std::string_view jwks) {
    std::string result = "{\"keys\":[";
    for_each_key(jwks, [&result](const json_t* key) {
        if (!is_for(key, "RS256") && !is_for(key, "ES256")) {
            return;
        }
        result += result.back() == '[' ? "{" : ",{";
        for (const char* name : names) {
            if (const auto value = text_member(key, name)) {
                result += result.back() == '{' ? "" : ",";
                append_json_quoted(result, name);
                result += ':';
                append_json_quoted(result, *value);
            }
        }
        result += '}';
    });
    return result + "]}";
}

} // namespace helix
