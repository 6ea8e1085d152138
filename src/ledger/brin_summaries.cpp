// The worker's task that summarizes what the ledger's BRIN index covers.
#include "pg/prelude.hpp"

#include "ledger/brin_summaries.hpp"

#include "ledger/partitions.hpp"
#include "ledger/watermark.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/table.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgrprotos.h"
}

namespace helix::ledger {

namespace {

// Ranges near the end are still being written: a summary there would have to change with every row.
constexpr BlockNumber writers_margin = 512;

struct Progress {
    Oid partition = InvalidOid;
    BlockNumber next = 0;   // summarized up to here, as far as this worker knows
    BlockNumber blocks = 0; // the partition's length when last looked at
};
Progress progress;

void summarize(Relation partition, Oid index) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(partition);
    if (progress.partition != RelationGetRelid(partition)) {
        progress = {RelationGetRelid(partition), 0, 0};
    }
    const BlockNumber margin = blocks == progress.blocks ? 0 : writers_margin; // none where nobody writes
    progress.blocks = blocks;
    while (progress.next + pages_per_range + margin <= blocks) {
        CHECK_FOR_INTERRUPTS();
        DirectFunctionCall2(brin_summarize_range, ObjectIdGetDatum(index), Int64GetDatum(progress.next));
        progress.next += pages_per_range;
    }
}

} // namespace

bool summarize_brin_task() {
    pg::OwnerSpi spi;
    const bool ours = watermark_is_ours();
    spi.finish();
    if (!ours) {
        return false;
    }
    const auto found = find_partition(GetCurrentTimestamp());
    // Vacuum holds the same lock and summarizes as well: no need to wait for it.
    if (OidIsValid(found.xid_index) && ConditionalLockRelationOid(found.table, ShareUpdateExclusiveLock)) {
        Relation partition = table_open(found.table, NoLock);
        summarize(partition, found.xid_index);
        table_close(partition, NoLock);
    }
    return false;
}

} // namespace helix::ledger
