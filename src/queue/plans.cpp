#include "pg/prelude.hpp"

#include "queue/plans.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace helix::queue {

// One plan for all values: a plan for these very values looks cheaper each time, so each claim would be planned anew.
// jit, since what no index serves looks so expensive then that it would be compiled.
void plan_by_index() {
    for (const char* way : {"enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"}) {
        set_config_option(way, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    }
    set_config_option("plan_cache_mode", "force_generic_plan", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
}

} // namespace helix::queue
