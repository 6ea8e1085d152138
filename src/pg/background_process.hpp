// Owns: processes that the postmaster starts with the server: their registration, and the loop that they run. Any
// feature. Plain data; PostgreSQL errors end the process, and the postmaster starts it again.
#pragma once

#include "pg/latch.hpp"

extern "C" {
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
}

namespace helix::pg {

// Called while the module is preloaded. `function` is exported by the module; `name` is what pg_stat_activity shows.
inline void register_background_process(const char* name, const char* function, BgWorkerStartTime start,
                                        int restart_s) {
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

// The first thing that a process does that uses run_rounds().
inline void begin_rounds() {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    BackgroundWorkerUnblockSignals();
}

// Whether the configuration was to be read anew, and has been.
inline bool reload_if_asked() {
    if (!ConfigReloadPending) {
        return false;
    }
    ConfigReloadPending = false;
    ProcessConfigFile(PGC_SIGHUP);
    return true;
}

// Calls `round`, which waits where it has nothing to do, until the server wants the process to leave, and `reloaded`
// after the configuration has changed.
template <typename Round, typename Reloaded>
void run_rounds(Round round, Reloaded reloaded) {
    while (!ShutdownRequestPending) {
        round();
        CHECK_FOR_INTERRUPTS(); // takes part in barriers such as DROP DATABASE's
        if (reload_if_asked()) {
            reloaded();
        }
    }
}

// The last thing: 0 would mean «never start me again».
[[noreturn]] inline void end_rounds() {
    proc_exit(1);
}

} // namespace helix::pg
