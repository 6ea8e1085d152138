#include "core/mac.hpp"

#include <memory>
#include <new>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace helix {

namespace {

constexpr int fingerprint_rounds = 600'000;

using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const char* openssl_name(Hash hash) {
    return hash == Hash::sha1 ? "SHA1" : hash == Hash::sha256 ? "SHA256" : "SHA512";
}

// OpenSSL fails here for want of memory alone.
void require(bool done) {
    if (!done) {
        throw std::bad_alloc();
    }
}

EVP_MAC_CTX* make_template(Hash hash) {
    static EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    require(algorithm != nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(algorithm);
    require(context != nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(openssl_name(hash)), 0),
        OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(context, parameters) == 1);
    return context;
}

// A context without a key, made once in each process: finding the algorithms costs more than a short message.
EVP_MAC_CTX* template_of(Hash hash) {
    static std::array<EVP_MAC_CTX*, 3> templates{};
    EVP_MAC_CTX*& made = templates[static_cast<std::size_t>(hash)];
    if (made == nullptr) {
        made = make_template(hash);
    }
    return made;
}

const unsigned char* bytes_of(std::string_view part) {
    return reinterpret_cast<const unsigned char*>(part.data());
}

} // namespace

std::optional<Hash> parse_hash(std::string_view name) {
    if (name == "sha1") {
        return Hash::sha1;
    }
    if (name == "sha256") {
        return Hash::sha256;
    }
    return name == "sha512" ? std::optional(Hash::sha512) : std::nullopt;
}

std::size_t hash_size(Hash hash) {
    return hash == Hash::sha1 ? 20 : hash == Hash::sha256 ? 32 : 64;
}

Mac hmac(Hash hash, std::string_view key, std::span<const std::string_view> parts) {
    const MacContext context(EVP_MAC_CTX_dup(template_of(hash)), EVP_MAC_CTX_free); // freeing wipes the key
    require(context != nullptr && EVP_MAC_init(context.get(), bytes_of(key), key.size(), nullptr) == 1);
    for (const std::string_view part : parts) {
        require(EVP_MAC_update(context.get(), bytes_of(part), part.size()) == 1);
    }
    Mac mac;
    require(EVP_MAC_final(context.get(), mac.bytes.data(), &mac.size, mac.bytes.size()) == 1);
    return mac;
}

bool equal(const Mac& one, const Mac& other) {
    return one.size == other.size && CRYPTO_memcmp(one.bytes.data(), other.bytes.data(), one.size) == 0;
}

std::array<std::uint8_t, 32> sha256(std::initializer_list<std::string_view> parts) {
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    require(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
    for (const std::string_view part : parts) {
        require(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
    }
    std::array<std::uint8_t, 32> digest{};
    require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
    return digest;
}

std::string fingerprint(std::string_view secret, std::string_view salt) {
    std::array<unsigned char, 4> bits{};
    require(PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()), bytes_of(salt),
                              static_cast<int>(salt.size()), fingerprint_rounds, EVP_sha256(),
                              static_cast<int>(bits.size()), bits.data()) == 1);
    std::string digits;
    for (const unsigned char byte : bits) {
        digits += "0123456789abcdef"[byte >> 4];
        digits += "0123456789abcdef"[byte & 15];
    }
    return digits;
}

} // namespace helix
