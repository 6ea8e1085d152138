// Owns: how a session gets an op:// secret: from the table, else by waiting for the keeper. Used within secrets/ only.
#pragma once

#include "core/secrets/secret.hpp"

namespace helix::secrets {

// Throws Error 22023 unless the form is right and 1Password is configured.
void check_onepassword(std::string_view reference);

// Throws Error HX003; a cancelled query is PostgreSQL's error.
Secret read_onepassword(std::string_view reference);

} // namespace helix::secrets
