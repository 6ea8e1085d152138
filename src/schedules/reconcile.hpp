// Owns: the worker's care for schedules: cron.job is what they say, and no run is lost. Used within schedules/ only.
#pragma once

namespace helix::schedules {

bool reconcile_task();

} // namespace helix::schedules
