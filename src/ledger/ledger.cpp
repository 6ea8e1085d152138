#include "pg/prelude.hpp"

#include "ledger/ledger.hpp"

#include "config.hpp"
#include "ledger/brin_summaries.hpp"
#include "ledger/close.hpp"
#include "ledger/fold.hpp"
#include "ledger/level_retention.hpp"
#include "ledger/partitions.hpp"
#include "ledger/relation_ids.hpp"
#include "ledger/request_ids.hpp"
#include "ledger/unpriced.hpp"
#include "ledger/writer.hpp"
#include "worker/worker.hpp"

namespace helix::ledger {

namespace {

int every_second_ms = 1000;
int every_ten_seconds_ms = 10'000;
int every_minute_ms = SECS_PER_MINUTE * 1000;

} // namespace

void initialize() {
    initialize_relation_ids();
    initialize_writer();
    const int* second = &every_second_ms;
    const int* ten_seconds = &every_ten_seconds_ms;
    const int* minute = &every_minute_ms;
    for (const worker::Task& task : {
             worker::Task{"fold", &config::fold_interval_ms, &config::fold_rows, fold_task},
             worker::Task{"close", ten_seconds, nullptr, close_task},
             worker::Task{"minutes", minute, nullptr, minutes_task},
             worker::Task{"quarters", minute, nullptr, quarters_task},
             worker::Task{"summaries", second, nullptr, summarize_brin_task},
             worker::Task{"partitions", minute, nullptr, partitions_task},
             worker::Task{"retention", minute, nullptr, retention_task},
             worker::Task{"unpriced", second, nullptr, unpriced_task},
             worker::Task{"request ids", minute, nullptr, request_ids_task},
             worker::Task{make_partitions_errand, nullptr, nullptr, make_partitions_now},
         }) {
        worker::add_task(task);
    }
}

} // namespace helix::ledger
