// Owns: the form of a signed token (JWT, RFC 7519; JWS compact, RFC 7515) and the times for which it is valid. Anyone
// may use it. It checks no signature: see jwk.hpp and jwt_signature.hpp.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace helix {

// Why a token is refused. `reason` is for the server's log alone: it is a literal, with nothing of the token in it.
class InvalidToken final : public std::exception {
  public:
    explicit InvalidToken(const char* reason) : reason_(reason) {}
    const char* what() const noexcept override { return reason_; }

  private:
    const char* reason_;
};

// All that is known here; any other algorithm, «none» too, is refused.
enum class JwtAlgorithm { hs256, rs256, es256 };

struct Jwt {
    JwtAlgorithm algorithm;
    std::optional<std::string> key_id; // kid
    std::string signed_part;           // of the token, as it was written
    std::string signature;
    std::string claims; // JSON, an object without repeated names
};

inline constexpr std::size_t longest_jwt = 16'384;

// Throws InvalidToken. The token has to outlive the result.
Jwt parse_jwt(std::string_view token);

// What is read of the claims; the rest is for the database.
struct JwtClaims {
    std::optional<std::string> role;
    std::optional<std::string> subject;
    std::int64_t expires; // seconds since 1970
};

inline constexpr std::int64_t jwt_skew_s = 30; // by which clocks may differ

// Throws InvalidToken unless the claims hold at `now`. A token without exp would be valid for ever, and is refused.
JwtClaims read_jwt_claims(const std::string& json, std::int64_t now);

} // namespace helix
