// Owns: message authentication codes and digests, by OpenSSL. Anyone may use it. No copy of a key outlives a call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace helix {

enum class Hash { sha1, sha256, sha512 };

// "sha1", "sha256" or "sha512".
std::optional<Hash> parse_hash(std::string_view name);

// Bytes that the hash gives.
std::size_t hash_size(Hash hash);

// A code, or what a caller claims to be one.
struct Mac {
    std::array<std::uint8_t, 64> bytes{};
    std::size_t size = 0;
};

// HMAC (RFC 2104) of the parts one after another. `key` must not be empty.
Mac hmac(Hash hash, std::string_view key, std::span<const std::string_view> parts);

// Takes the same time wherever they differ.
bool equal(const Mac& one, const Mac& other);

// The same for texts, and however long they are.
bool equal_text(std::string_view one, std::string_view other);

std::array<std::uint8_t, 32> sha256(std::initializer_list<std::string_view> parts);

// Eight hex digits that tell whether two secrets with the same salt are the same, and no more. They are 32 bits of
// PBKDF2-HMAC-SHA256 with 600,000 rounds (OWASP's figure for 2023). So each guess costs a fifth of a second, and many
// guesses match.
std::string fingerprint(std::string_view secret, std::string_view salt);

} // namespace helix
