// Owns: reading a secret from Supabase Vault in the same database, as it is now: nothing of it is kept. Used within
// secrets/ only.
#pragma once

#include "core/secrets/secret.hpp"

namespace helix::secrets {

// Throws Error HX003.
Secret read_vault(std::string_view reference);

} // namespace helix::secrets
