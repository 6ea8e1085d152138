#include "pg/catch_error.hpp"

namespace helix::pg {

ErrorData* catch_error(void (*body)(void*), void* argument) {
    const MemoryContext memory = CurrentMemoryContext;
    ErrorData* volatile error = nullptr;
    PG_TRY();
    { body(argument); }
    PG_CATCH();
    {
        MemoryContextSwitchTo(memory);
        error = CopyErrorData();
        FlushErrorState();
    }
    PG_END_TRY();
    return error;
}

} // namespace helix::pg
