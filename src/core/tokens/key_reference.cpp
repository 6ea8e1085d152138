// Checks the forms of references to keys.
#include "core/tokens/key_reference.hpp"

#include "core/error.hpp"
#include "core/secrets/onepassword_address.hpp"

#include <algorithm>
#include <array>

namespace helix {

namespace {

constexpr std::array<std::string_view, 4> secret_schemes = {"file:///", "env://", "vault://", "op://"};

bool names_secret(std::string_view reference) {
    return std::any_of(secret_schemes.begin(), secret_schemes.end(), [&](std::string_view scheme) {
        return reference.size() > scheme.size() && reference.starts_with(scheme);
    });
}

// The value is not repeated: it may be the secret itself, by mistake.
[[noreturn]] void refuse(const char* message, std::string detail, const char* hint) {
    throw Error(sqlstate::invalid_parameter_value, message, std::move(detail), hint);
}

} // namespace

void check_jwt_secret_reference(std::string_view reference) {
    if (!reference.empty() && !names_secret(reference)) {
        refuse("not a reference to a secret", {},
               "Write file:///path, env://NAME, vault://name or op://vault/item/field; the secret itself does not "
               "belong into a setting.");
    }
}

void check_jwks_reference(std::string_view reference) {
    constexpr const char* hint = "Write https://host/path of a JSON Web Key Set (http:// of this machine alone), or "
                                 "file:///path, env://NAME, vault://name or op://vault/item/field.";
    if (reference.empty() || names_secret(reference)) {
        return;
    }
    if (!is_jwks_address(reference)) {
        refuse("not a reference to public keys", {}, hint);
    }
    try {
        check_connect_url(reference);
    } catch (const Error& error) {
        refuse("not the address of a key set", error.detail, hint);
    }
}

bool is_jwks_address(std::string_view reference) {
    return reference.starts_with("https://") || reference.starts_with("http://");
}

} // namespace helix
