// Owns: whether pg_cron's runs of helix's jobs succeed. Used within schedules/ only. Callers are within an OwnerSpi.
#pragma once

namespace helix::schedules {

// Writes to the log when the latest runs begin to fail, and when they succeed again.
void watch_runs();

// Whether pg_cron keeps runs in this database. Before 1.3 it kept none.
bool has_runs();

} // namespace helix::schedules
