// Owns: public keys as a JSON Web Key Set (RFC 7517) has them, and what they verify, by OpenSSL. Anyone may use it.
#pragma once

#include "core/tokens/jwt.hpp"

#include <memory>
#include <openssl/types.h>
#include <vector>

namespace helix {

class PublicKeys {
  public:
    // Keys of other kinds, for encryption, or too short to be safe are left out. Throws Error 22023 unless the text is
    // a key set.
    static PublicKeys parse(std::string_view jwks);

    std::size_t size() const { return keys_.size(); }

    // Whether a key may have signed the token: one of its algorithm, and of its kid where it has one.
    bool has_key_for(const Jwt& jwt) const;

    // Whether one of those keys has.
    bool verify(const Jwt& jwt) const;

  private:
    struct FreeKey {
        void operator()(EVP_PKEY* key) const;
    };
    struct Key {
        JwtAlgorithm algorithm;
        std::optional<std::string> id;
        std::unique_ptr<EVP_PKEY, FreeKey> key;
        bool suits(const Jwt& jwt) const;
    };
    friend class KeyReader;
    std::vector<Key> keys_;
};

// The same key set with nothing in it but what PublicKeys::parse() reads, so that it is short. Throws Error 22023.
std::string reduced_jwks(std::string_view jwks);

} // namespace helix
