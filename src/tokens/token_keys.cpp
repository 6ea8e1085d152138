// Reads the secret and the public keys that tokens are verified by.
#include "pg/prelude.hpp"

#include "tokens/token_keys.hpp"

#include "config.hpp"
#include "core/error.hpp"
#include "core/tokens/jwk.hpp"
#include "core/tokens/jwt_signature.hpp"
#include "core/tokens/key_reference.hpp"
#include "pg/guard.hpp"
#include "secrets/secrets.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace helix::tokens {

namespace {

constexpr std::string_view file_scheme = "file://";
constexpr std::string_view env_scheme = "env://";
constexpr std::size_t largest_key_file = 256UL * 1024;

[[noreturn]] void unavailable(const char* setting, const std::string& why) {
    throw Error(sqlstate::secret_unavailable, "secret unavailable", std::string(setting) + ": " + why + ".",
                "Check the setting, and that the server's user may read what it names.");
}

// A whole file, which may be longer than a secret. It is public, so nothing is wiped.
std::string read_key_file(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        unavailable("helix.jwks_ref", strerror(errno));
    }
    std::string text(largest_key_file + 1, '\0');
    std::size_t size = 0;
    ssize_t length = 0;
    while (size < text.size() && (length = ::read(file, text.data() + size, text.size() - size)) > 0) {
        size += static_cast<std::size_t>(length);
    }
    close(file);
    if (length < 0 || size > largest_key_file) {
        unavailable("helix.jwks_ref", length < 0 ? "it cannot be read" : "it is longer than 256 kB");
    }
    text.resize(size);
    return text;
}

// What superusers name may lie outside of the places that users' references are held to.
Secret read_reference(std::string_view reference) {
    const bool is_own = reference.starts_with(file_scheme) || reference.starts_with(env_scheme);
    return is_own ? read_secret(reference) : secrets::read(reference);
}

std::string read_keys(std::string_view reference) {
    if (reference.starts_with(file_scheme)) {
        return read_key_file(std::string(reference.substr(file_scheme.size())));
    }
    const Secret keys = is_jwks_address(reference) ? secrets::read_jwks(reference) : read_reference(reference);
    return std::string(keys.view());
}

// The keys as they are now. They are parsed again only where they have changed.
const PublicKeys& current_keys(std::string_view reference) {
    static std::string known_text;
    static PublicKeys known;
    auto text = read_keys(reference);
    if (known.size() > 0 && text == known_text) {
        return known;
    }
    try {
        known = PublicKeys::parse(text);
    } catch (const Error& error) {
        known = PublicKeys();
        unavailable("helix.jwks_ref", error.message);
    }
    known_text = std::move(text);
    return known;
}

} // namespace

Secret jwt_secret() {
    if (*config::jwt_secret_ref == '\0') {
        return {};
    }
    Secret secret = read_reference(config::jwt_secret_ref);
    if (secret.view().size() < shortest_jwt_secret) {
        unavailable("helix.jwt_secret_ref", "the secret has fewer than 32 bytes");
    }
    return secret;
}

bool is_signed_by_key(const Jwt& jwt) {
    const std::string reference = config::jwks_ref; // a reload while this waits must not change it
    if (reference.empty()) {
        throw InvalidToken("helix.jwks_ref is not set");
    }
    if (!current_keys(reference).has_key_for(jwt) && is_jwks_address(reference)) {
        secrets::refresh_jwks(reference);
    }
    return current_keys(reference).verify(jwt);
}

} // namespace helix::tokens
