#include "pg/prelude.hpp"

#include "ledger/fold_planning.hpp"

#include "pg/settings.hpp"

extern "C" {
#include "miscadmin.h"
}

namespace helix::ledger {

namespace {

// Groups of a backlog would else go to disk several times: a group takes some 400 bytes.
constexpr int least_work_mem_kb = 32 * 1024;

} // namespace

int plan_by_range() {
    const int nesting = NewGUCNestLevel();
    for (const char* way : {"enable_seqscan", "enable_indexscan", "jit"}) {
        pg::set_for_now(way, "off");
    }
    pg::set_for_now("plan_cache_mode", "force_custom_plan");
    if (work_mem < least_work_mem_kb) {
        pg::set_for_now("work_mem", "32MB");
    }
    return nesting;
}

} // namespace helix::ledger
