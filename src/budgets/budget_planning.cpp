#include "pg/prelude.hpp"

#include "budgets/budget_planning.hpp"

#include "pg/settings.hpp"

namespace helix::budgets {

void compile_nothing() {
    pg::set_for_now("jit", "off");
}

void plan_by_index() {
    compile_nothing();
    for (const char* way : {"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"}) {
        pg::set_for_now(way, "off");
    }
    pg::set_for_now("plan_cache_mode", "force_generic_plan"); // to plan takes many times longer than to run
}

} // namespace helix::budgets
