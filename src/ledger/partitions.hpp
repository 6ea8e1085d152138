// Owns: the ledger's partitions by UTC month of recording: made ahead, dropped by retention. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

// The partition that takes rows recorded at `time`, made where it is missing.
Oid partition_for(TimestampTz time);

// Page range of the partitions' BRIN index on xid.
constexpr int pages_per_range = 32;

struct Partition {
    Oid table;
    Oid xid_index; // BRIN
};

// The partition of `time`; invalid object ids where there is none.
Partition find_partition(TimestampTz time);

// Makes the partitions of now and ahead, whatever the watermark says. worker::run_elsewhere() runs it by the name
// below.
bool make_partitions_now();
constexpr const char* make_partitions_errand = "make partitions";

// The worker's. The first makes partitions ahead, the second drops those that helix.ledger_retention no longer keeps.
// Both always return false.
bool partitions_task();
bool retention_task();

} // namespace helix::ledger
