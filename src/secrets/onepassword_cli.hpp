// Owns: asking 1Password by its op command. Knows nothing of PostgreSQL. Used within secrets/ only.
#pragma once

#include "core/secrets/secret.hpp"

#include <string>

namespace helix::secrets {

// What `command read --no-newline reference` prints, with the token in its environment. Throws Failure. Has no
// deadline: call it in a process that leads a group and is killed with it.
Secret ask_command(const std::string& command, const Secret& token, const std::string& reference);

} // namespace helix::secrets
