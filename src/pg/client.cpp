#include "pg/prelude.hpp"

#include "pg/client.hpp"

extern "C" {
#include "storage/latch.h"

// libpq/libpq.h declares it, but needs the headers of GSSAPI.
extern bool pq_check_connection(void);
}

namespace helix::pg {

void check_client_connection() {
    if (MyProcPort != nullptr && WaitEventSetCanReportClosed() && !pq_check_connection()) {
        ClientConnectionLost = true;
        InterruptPending = true;
        CHECK_FOR_INTERRUPTS();
    }
}

} // namespace helix::pg
