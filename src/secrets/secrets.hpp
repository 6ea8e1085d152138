// Owns: what secrets are looked up by: references, resolved by whichever source knows their form and kept for a bounded time in memory
// that is wiped and not dumped. Offered to every feature.
#pragma once

#include "core/secret.hpp"

namespace helix::secrets {

// Throws Error 22023 unless a source knows the form of `reference` and its settings allow it.
void check_reference(std::string_view reference);

// What `reference` names: from the cache, else from its source within helix.secret_timeout, else, through an outage, what was known last for
// the documented grace. Throws Error HX003 where none of that gives it. Callers are in a transaction of a backend; those who hold objects of C++ may.
Secret read(std::string_view reference);

} // namespace helix::secrets
