#include "pg/prelude.hpp"

#include "queue/queue_planning.hpp"

#include "pg/settings.hpp"

namespace helix::queue {

// One plan serves all values. A plan for the very values looks cheaper each time, so each claim would be planned anew.
// This turns jit off too: what no index serves looks so expensive with these settings that it would be compiled.
void plan_by_index() {
    for (const char* way : {"enable_seqscan", "enable_bitmapscan", "enable_sort", "jit"}) {
        pg::set_for_now(way, "off");
    }
    pg::set_for_now("plan_cache_mode", "force_generic_plan");
}

} // namespace helix::queue
