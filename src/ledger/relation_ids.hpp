// Owns: the object ids that every recording needs, remembered until the relations change. Used within ledger/ only.
#pragma once

#include "pg/prelude.hpp"

namespace helix::ledger {

struct RelationIds {
    Oid watermark;
    bool watermark_is_ours; // known to be committed by this cluster and database
    Oid execution_ids;
    // The partition last written to and the times [from, until) that it takes.
    Oid partition;
    TimestampTz from;
    TimestampTz until;
};

// Registers for invalidations; called once, at start-up.
void initialize_relation_ids();

// Looks up what is not known. The partition may be invalid: remember_partition() sets it.
const RelationIds& relation_ids();
void remember_watermark_is_ours();
void remember_partition(Oid partition, TimestampTz from, TimestampTz until);

} // namespace helix::ledger
