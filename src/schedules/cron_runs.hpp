// Owns: what became of pg_cron's runs of helix's jobs. Callers are within an OwnerSpi. Used within schedules/ only.
#pragma once

namespace helix::schedules {

// Tells the log when the latest runs begin to fail, and when they succeed again.
void watch_runs();

} // namespace helix::schedules
