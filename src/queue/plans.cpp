#include "pg/prelude.hpp"

#include "queue/plans.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace helix::queue {

// jit, since what no index serves looks so expensive then that it would be compiled.
void plan_by_index() {
    for (const char* way : {"enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"}) {
        set_config_option(way, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    }
}

} // namespace helix::queue
