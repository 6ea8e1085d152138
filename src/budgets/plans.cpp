#include "pg/prelude.hpp"

#include "budgets/plans.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace helix::budgets {

namespace {

void set(const char* name, const char* value) {
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

} // namespace

void compile_nothing() {
    set("jit", "off");
}

void plan_by_index() {
    compile_nothing();
    for (const char* way : {"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"}) {
        set(way, "off");
    }
    set("plan_cache_mode", "force_generic_plan"); // to plan takes many times longer than to run
}

} // namespace helix::budgets
