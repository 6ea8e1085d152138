// Owns: what the server's launcher tells the program through standard input. main.cpp reads it once.
#pragma once

#include "core/secrets/secret.hpp"
#include "edge/options.hpp"

namespace helix::edge {

// Reads `key=value` lines up to an empty one, and completes the options by them. Returns the password of the role that
// they name. Throws std::invalid_argument where the message is not as it should be.
Secret read_launch(int descriptor, Options& options);

} // namespace helix::edge
