#include "pg/subtransaction.hpp"

extern "C" {
#include "utils/resowner.h"
}

namespace helix::pg {

bool run_in_subtransaction(void (*body)(void*), void* argument, OnError on_error) {
    const MemoryContext memory = CurrentMemoryContext;
    const ResourceOwner owner = CurrentResourceOwner;
    volatile bool done = false;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(memory);
    PG_TRY();
    {
        body(argument);
        ReleaseCurrentSubTransaction();
        done = true;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(memory);
        ErrorData* error = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
        MemoryContextSwitchTo(memory);
        CurrentResourceOwner = owner;
        if (error->sqlerrcode == ERRCODE_QUERY_CANCELED) {
            ReThrowError(error);
        }
        if (on_error != OnError::nothing) { // a client that was sent an error expects no result
            error->elevel = on_error == OnError::warn ? WARNING : LOG_SERVER_ONLY;
            ThrowErrorData(error);
        }
    }
    PG_END_TRY();
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    return done;
}

} // namespace helix::pg
