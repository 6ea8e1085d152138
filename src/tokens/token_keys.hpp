// Owns: what tokens are verified by: the secret of helix.jwt_secret_ref and the public keys of helix.jwks_ref. Used
// within tokens/ only, where objects of C++ may be alive.
#pragma once

#include "core/secrets/secret.hpp"
#include "core/tokens/jwt.hpp"

namespace helix::tokens {

// Empty where helix.jwt_secret_ref is. Throws Error HX003 where it cannot be had, or is too short to be safe.
Secret jwt_secret();

// Whether a public key has signed the token. A key that is not known has those of an https address fetched anew, once a
// minute at most. Throws Error HX003 where the keys cannot be had.
bool is_signed_by_key(const Jwt& jwt);

} // namespace helix::tokens
