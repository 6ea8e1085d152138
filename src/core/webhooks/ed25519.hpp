// Owns: verifying Ed25519 signatures (RFC 8032), by OpenSSL. Anyone may use it.
#pragma once

#include <span>
#include <string_view>

namespace helix {

inline constexpr std::size_t ed25519_key_size = 32;
inline constexpr std::size_t ed25519_signature_size = 64;

// Whether `signature` is that of the parts one after another. What is no public key or no signature verifies nothing.
bool verify_ed25519(std::string_view public_key, std::span<const std::string_view> parts, std::string_view signature);

} // namespace helix
