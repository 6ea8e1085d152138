// Owns: forgetting pg_cron's old runs of helix's jobs. Used within schedules/ only.
#pragma once

namespace helix::schedules {

// The worker's task: removes what is older than helix.cron_run_retention, some rows at a time. True: there are more.
bool cron_run_retention_task();

} // namespace helix::schedules
