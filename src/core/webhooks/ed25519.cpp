#include "core/webhooks/ed25519.hpp"

#include <memory>
#include <new>
#include <openssl/evp.h>
#include <string>

namespace helix {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

bool verify_ed25519(std::string_view public_key, std::span<const std::string_view> parts, std::string_view signature) {
    if (public_key.size() != ed25519_key_size || signature.size() != ed25519_signature_size) {
        return false;
    }
    std::string message; // Ed25519 reads it twice, so OpenSSL wants it in one piece
    for (const std::string_view part : parts) {
        message += part;
    }
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(public_key), public_key.size()),
        &EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (key == nullptr || context == nullptr) {
        throw std::bad_alloc();
    }
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) ==
               1;
}

} // namespace helix
