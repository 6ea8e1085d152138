// Owns: handing out execution ids. Used within ledger/ only.
#pragma once

#include <cstdint>

namespace helix::ledger {

// A new id, larger than every id that was in the ledger when this session began to hand out ids there. Ids of different
// sessions interleave in blocks.
std::int64_t next_execution_id();

// Gives up the rest of this session's block where it is not above `base_id`.
void discard_ids_up_to(std::int64_t base_id);

} // namespace helix::ledger
