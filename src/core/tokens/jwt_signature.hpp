// Owns: signatures of tokens by a shared secret (HS256). Anyone may use it.
#pragma once

#include "core/tokens/jwt.hpp"

namespace helix {

inline constexpr std::size_t shortest_jwt_secret = 32; // RFC 7518, 3.2: as long as the hash

// Whether the token is one of HS256 that was signed with `secret`. It takes the same time wherever they differ.
bool verify_hs256(const Jwt& jwt, std::string_view secret);

// A token of HS256 with these claims, a JSON object.
std::string sign_hs256(std::string_view claims, std::string_view secret);

} // namespace helix
