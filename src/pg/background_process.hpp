// Owns: background processes: their description, the registration of those that start with the server, and the loop
// that these run. Any feature. Plain data; PostgreSQL errors end the process, and the postmaster starts it again.
#pragma once

#include "pg/latch.hpp"

extern "C" {
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
}

namespace helix::pg {

// What all descriptions have in common. `function` is exported by the module; `type` is what pg_stat_activity shows.
inline BackgroundWorker describe_process(const char* type, const char* function) {
    BackgroundWorker process{};
    process.bgw_flags = BGWORKER_SHMEM_ACCESS;
    strlcpy(process.bgw_library_name, "helix", sizeof(process.bgw_library_name));
    strlcpy(process.bgw_function_name, function, sizeof(process.bgw_function_name));
    strlcpy(process.bgw_name, type, sizeof(process.bgw_name));
    strlcpy(process.bgw_type, type, sizeof(process.bgw_type));
    return process;
}

// The same for a process that this one starts, that connects to a database, and that is not started again. Its end sets
// this process's latch.
inline BackgroundWorker describe_child(const char* type, const char* function, Datum argument) {
    BackgroundWorker process = describe_process(type, function);
    process.bgw_flags |= BGWORKER_BACKEND_DATABASE_CONNECTION;
    process.bgw_start_time = BgWorkerStart_RecoveryFinished;
    process.bgw_restart_time = BGW_NEVER_RESTART;
    process.bgw_main_arg = argument;
    process.bgw_notify_pid = MyProcPid;
    return process;
}

// Called while the module is preloaded. `function` is exported by the module; `name` is what pg_stat_activity shows.
inline void register_background_process(const char* name, const char* function, BgWorkerStartTime start,
                                        int restart_s) {
    BackgroundWorker process = describe_process(name, function);
    process.bgw_start_time = start;
    process.bgw_restart_time = restart_s;
    RegisterBackgroundWorker(&process);
}

// The first thing that a process does which uses run_rounds().
inline void begin_rounds() {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    BackgroundWorkerUnblockSignals();
}

// Reads the configuration anew where that was asked for; whether it did.
inline bool reload_if_asked() {
    if (!ConfigReloadPending) {
        return false;
    }
    ConfigReloadPending = false;
    ProcessConfigFile(PGC_SIGHUP);
    return true;
}

// Calls `round` until the server wants the process to leave, and `reloaded` after the configuration has changed.
// `round` waits where it has nothing to do.
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

// The last thing that it does. An exit code of 0 would mean that the process is never started again.
[[noreturn]] inline void end_rounds() {
    proc_exit(1);
}

} // namespace helix::pg
