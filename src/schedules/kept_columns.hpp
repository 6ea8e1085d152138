// Owns: what clients write into the columns of helix.operation_schedules that helix itself counts: it is taken and
// ignored. Used within schedules/ only.
#pragma once

namespace helix::schedules {

void initialize_kept_columns();

} // namespace helix::schedules
