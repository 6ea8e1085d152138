// Owns: asking 1Password, or a server for its keys, in a process of its own. The process lives for one answer. What
// libraries keep of a token or a secret goes with it, and nothing that hangs keeps the keeper. Used by the keeper only.
#pragma once

#include "secrets/onepassword_answer.hpp"

namespace helix::secrets {

// Asks for `reference`; false where the keeper has to leave meanwhile. An answer that does not come within 10 s is one
// too. Errors are PostgreSQL's.
bool ask_in_process(const char* reference, Answer& answer);

} // namespace helix::secrets
