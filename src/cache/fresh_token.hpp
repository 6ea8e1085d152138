// Owns: tokens, by which readers see that something has changed since. Used within cache/ only.
#pragma once

#include <string>

namespace helix::cache {

// A token that was never used before: 128 random bits, written as a uuid. Throws redis::Failure where there are none.
std::string fresh_token();

} // namespace helix::cache
