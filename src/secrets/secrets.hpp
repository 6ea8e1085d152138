// Owns: what secrets are looked up by: references, each resolved by the source that knows its form. Offered to every
// feature.
//
//   file:///path    a file beneath helix.secret_folder
//   env://NAME      a variable of the server's environment; NAME begins with helix.secret_env_prefix
//   vault://name    Supabase Vault, in the same database
//   op://vault/item/[section/]field    1Password, from a cache that all sessions share (secret_cache.hpp)
//   name                               op://vault/name/password of helix.onepassword_default_vault
#pragma once

#include "core/secrets/secret.hpp"

namespace helix::secrets {

// Registers the cache and the keeper; called once, by _PG_init.
void initialize();

// Throws Error 22023 unless a source knows the form of `reference` and its settings allow it.
void check_reference(std::string_view reference);

// Whether that user may name `reference`, as helix.user_secrets says. Service roles are not asked.
bool is_allowed(std::string_view reference, std::string_view user_id);

// What `reference` names. file, env and vault are read at once, and as they are now; op comes from the cache, else from
// 1Password within helix.secret_timeout, else, through an outage, is what was known last for helix.secret_grace. Throws
// Error HX003 with the reason where none of that gives it, whatever that is. Callers are in a transaction of a backend,
// and may hold objects of C++.
Secret read(std::string_view reference);

// The JSON Web Key Set at an https address, from the cache as op:// secrets are, with nothing in it but what verifying
// needs. Throws Error HX003.
Secret read_jwks(std::string_view address);

// Has it fetched anew, once a minute at most, and waits for helix.secret_timeout at most. Whether it was asked for.
bool refresh_jwks(std::string_view address);

} // namespace helix::secrets
