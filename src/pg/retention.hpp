// Owns: removing rows that are older than a retention, some at a time. Any feature may use it.
#pragma once

#include "pg/spi.hpp"

namespace helix::pg {

// Executes, as the owner, a statement that removes at most `at_a_time` of the rows from before $1: now less the
// retention. A retention of 0 keeps all. True: there may be more.
bool remove_older(Statement& statement, int retention_s, std::uint64_t at_a_time);

} // namespace helix::pg
