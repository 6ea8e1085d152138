// Owns: how a session gets what the keeper fetches, an op:// secret or a key set: from the cache, else by waiting for
// the keeper. Used within secrets/ only.
#pragma once

#include "core/secrets/secret.hpp"

namespace helix::secrets {

// Throws Error 22023 unless the form is right and 1Password is configured.
void check_onepassword(std::string_view reference);

// Throws Error HX003; a cancelled query is PostgreSQL's error.
Secret read_fetched(std::string_view reference);

// Has the keeper fetch what is known anew, and waits for its answer for helix.secret_timeout at most. Others go on with
// what is known. It does nothing, and returns false, where that was asked for or fetched within the last minute.
bool refresh_fetched(std::string_view reference);

} // namespace helix::secrets
