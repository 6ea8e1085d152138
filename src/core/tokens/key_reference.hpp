// Owns: the forms of references to what tokens are verified by. Anyone may use it.
#pragma once

#include <string_view>

namespace helix {

// Both throw Error 22023 unless the form is right. An empty reference names nothing, and passes.
void check_jwt_secret_reference(std::string_view reference);
void check_jwks_reference(std::string_view reference);

// Whether a reference to keys is the address of a key set rather than a reference as for secrets.
bool is_jwks_address(std::string_view reference);

} // namespace helix
