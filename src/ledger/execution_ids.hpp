// Owns: handing out execution ids. Used within ledger/ only.
#pragma once

#include <cstdint>

namespace helix::ledger {

// A new id. It is larger than every id that was in the ledger when this session handed out its first one. Sessions take
// ids in blocks, so those of different sessions interleave.
std::int64_t next_execution_id();

// Gives up the rest of this session's block where it is not above `base_id`.
void discard_ids_up_to(std::int64_t base_id);

} // namespace helix::ledger
