// Runs code in subtransactions, and tells or returns its errors.
#include "pg/subtransaction.hpp"

#include "pg/settings.hpp"

extern "C" {
#include "utils/resowner.h"
}

namespace helix::pg {

ErrorData* error_in_subtransaction(void (*body)(void*), void* argument, const char* lock_timeout) {
    const MemoryContext memory = CurrentMemoryContext;
    const ResourceOwner owner = CurrentResourceOwner;
    ErrorData* volatile error = nullptr;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(memory);
    PG_TRY();
    {
        if (lock_timeout != nullptr) {
            set_for_now("lock_timeout", lock_timeout); // until the subtransaction ends
        }
        body(argument);
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(memory);
        error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    return error;
}

namespace {

// A wait in a circle is found out before `lock_timeout` where deadlock_timeout is shorter.
bool is_missed_lock(int sqlerrcode) {
    return sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
}

} // namespace

bool run_in_subtransaction(void (*body)(void*), void* argument, OnError on_error, const char* lock_timeout) {
    ErrorData* error = error_in_subtransaction(body, argument, lock_timeout);
    if (error == nullptr) {
        return true;
    }
    const bool lock_missed = lock_timeout != nullptr && is_missed_lock(error->sqlerrcode);
    if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || (on_error == OnError::raise && !lock_missed)) {
        ReThrowError(error);
    }
    if (on_error != OnError::nothing && !lock_missed) { // a client that was sent an error expects no result
        error->elevel = on_error == OnError::warn ? WARNING : LOG_SERVER_ONLY;
        ThrowErrorData(error);
    }
    return false;
}

} // namespace helix::pg
