// Owns: the ledger's partitions by UTC month of recording: made ahead, dropped by retention. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// The partition that takes rows recorded at `time`, made where it is missing.
Oid partition_for(TimestampTz time);

// The worker's: makes partitions ahead / drops those past helix.ledger_retention. Always false.
bool partitions_task();
bool retention_task();

} // namespace helix::ledger
