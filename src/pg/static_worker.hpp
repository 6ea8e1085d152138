// Owns: the registration of processes that the postmaster starts with the server. Any feature, while the module is
// preloaded.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "postmaster/bgworker.h"
}

namespace helix::pg {

// `function` is exported by the module; `name` is what pg_stat_activity shows. The process leaves by proc_exit(1)
// where it wants to be started again: 0 would mean never.
inline void register_static_worker(const char* name, const char* function, BgWorkerStartTime start, int restart_s) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
    worker.bgw_start_time = start;
    worker.bgw_restart_time = restart_s;
    strlcpy(worker.bgw_library_name, "helix", sizeof(worker.bgw_library_name));
    strlcpy(worker.bgw_function_name, function, sizeof(worker.bgw_function_name));
    strlcpy(worker.bgw_name, name, sizeof(worker.bgw_name));
    strlcpy(worker.bgw_type, name, sizeof(worker.bgw_type));
    RegisterBackgroundWorker(&worker);
}

} // namespace helix::pg
