// helix.fold(): folds at once what the worker would fold soon.
#include "pg/prelude.hpp"

#include "ledger/adoption.hpp"
#include "ledger/fold.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/xlog.h"
}

namespace helix::ledger {

namespace {

void refuse_on_standby() {
    if (RecoveryInProgress()) {
        ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION), errmsg("cannot fold during recovery"),
                        errhint("Sums are exact on a standby as they are; fold on the primary.")));
    }
}

} // namespace

HELIX_FUNCTION(helix_fold) {
    refuse_on_standby();
    std::int64_t rows = 0;
    pg::OwnerSpi spi;
    ensure_watermark(); // adopts a restored ledger
    auto watermark = lock_watermark(IfLocked::wait);
    if (watermark && !watermark->is_ours) { // the session that was claiming it has rolled back: now the lock is ours
        ensure_watermark();
        watermark = lock_watermark(IfLocked::wait);
    }
    if (watermark) {
        rows = fold(*watermark);
    }
    spi.finish();
    PG_RETURN_INT64(rows);
}

} // namespace helix::ledger
