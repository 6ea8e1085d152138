// Owns: removing helix's jobs from pg_cron when the extension is dropped. Used within schedules/ only.
#pragma once

namespace helix::schedules {

void initialize_drop_extension();

} // namespace helix::schedules
