// Owns: making the ledger this cluster's and database's own before a row is recorded. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// Makes sure that the watermark is of this cluster and database before a row is recorded. The first recording of all
// claims it, without making others wait. The first one after a restore elsewhere adopts the ledger: it folds all of it,
// and from then on only larger ids are unfolded. Cheap after the first call in a backend.
void ensure_watermark();

// With the partition locked: gives up ids that were handed to this session before an adoption that it did not see.
void confirm_ids();

} // namespace helix::ledger
