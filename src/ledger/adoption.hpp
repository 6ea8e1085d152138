// Owns: making the ledger this cluster's and database's own before a row is recorded. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// Makes sure that the watermark is of this cluster and database before a row is recorded: the first recording of all
// claims it, without making others wait; the first one after a restore elsewhere adopts the ledger (folds all of it,
// and lets only larger ids be unfolded from then on). Cheap after the first call in a backend.
void ensure_watermark();

// With the partition locked: gives up ids that were handed to this session before an adoption that it did not see.
void confirm_ids();

} // namespace helix::ledger
