// Pauses the queue of a restored dump, or lets it go on.
#include "pg/prelude.hpp"

#include "queue/restored_queue.hpp"

#include "config.hpp"
#include "pg/guard.hpp"
#include "pg/restored.hpp"
#include "pg/spi.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "queue/lane_changes.hpp"

extern "C" {
#include "access/transam.h"
#include "access/xact.h"
#include "commands/dbcommands.h"
}

namespace helix::queue {

namespace {

constexpr const char* tables[] = {"helix_internal.queue"};
constexpr pg::TriggerRule rule{
    .function = "pause_restored", .timing = pg::Timing::before, .row_events = pg::on_insert, .relations = tables};

// A dump may bring a pause of everything of its own: the column `restored` keeps the two apart.
pg::Statement insert_pause(R"(
    INSERT INTO helix_internal.queue_pauses (reason, by_service, restored)
    VALUES ('restored from a dump', true, true)
    ON CONFLICT DO NOTHING)");

void pause() {
    pg::OwnerSpi spi;
    const bool is_new = insert_pause.execute() > 0;
    spi.finish();
    if (is_new) {
        ereport(
            LOG,
            (errmsg("helix pauses the queue and the schedules of database \"%s\": a dump has been restored",
                    get_database_name(MyDatabaseId)),
             errhint("SELECT helix.resume_queue() starts them. With helix.after_restore = run they go on at once.")));
    }
}

} // namespace

// Once for each transaction: a dump has many rows.
void note_restored() {
    static FullTransactionId noted_in = InvalidFullTransactionId;
    const FullTransactionId current = GetTopFullTransactionId();
    if (FullTransactionIdEquals(noted_in, current)) {
        return;
    }
    noted_in = current;
    if (config::after_restore == config::AfterRestore::pause) {
        pause();
    } else {
        mark_all_lanes();
        ereport(LOG,
                (errmsg("helix goes on with the queue and the schedules of database \"%s\", which a dump has brought",
                        get_database_name(MyDatabaseId)),
                 errdetail("helix.after_restore is run.")));
    }
}

HELIX_FUNCTION(helix_pause_restored) {
    const auto& trigger = pg::checked_trigger(fcinfo, rule);
    if (pg::is_restored(pg::new_row(trigger))) {
        note_restored();
    }
    return PointerGetDatum(trigger.tg_trigtuple);
}

} // namespace helix::queue
