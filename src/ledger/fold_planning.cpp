#include "pg/prelude.hpp"

#include "ledger/fold_planning.hpp"

#include "pg/settings.hpp"

namespace helix::ledger {

int plan_by_range() {
    const int nesting = NewGUCNestLevel();
    for (const char* way : {"enable_seqscan", "enable_indexscan", "jit"}) {
        pg::set_for_now(way, "off");
    }
    pg::set_for_now("plan_cache_mode", "force_custom_plan");
    return nesting;
}

} // namespace helix::ledger
