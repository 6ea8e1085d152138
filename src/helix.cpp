// The module's entry: asks each part to initialize itself, nothing else.
#include "pg/prelude.hpp"

#include "analytics/analytics.hpp"
#include "budgets/budgets.hpp"
#include "cache/cache.hpp"
#include "config.hpp"
#include "erasure/erasure.hpp"
#include "ledger/ledger.hpp"
#include "operations/operations.hpp"
#include "pg/guard.hpp"
#include "preferences/preferences.hpp"
#include "queue/queue.hpp"
#include "schedules/schedules.hpp"
#include "secrets/secrets.hpp"
#include "webhooks/webhooks.hpp"
#include "worker/worker.hpp"

extern "C" {
HELIX_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
    helix::pg::enter_callback([] {
        if (!process_shared_preload_libraries_in_progress) {
            ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                            errmsg("helix is not in shared_preload_libraries"),
                            errhint("Add helix to shared_preload_libraries in postgresql.conf (for example "
                                    "'pg_cron,helix') and restart the server.")));
        }
        helix::config::define();
        helix::cache::initialize();
        helix::operations::initialize();
        helix::ledger::initialize();
        helix::queue::initialize();
        helix::schedules::initialize();
        helix::budgets::initialize();
        helix::preferences::initialize();
        helix::secrets::initialize();
        helix::webhooks::initialize();
        helix::analytics::initialize();
        helix::erasure::initialize();
        helix::worker::initialize();
    });
}
}
