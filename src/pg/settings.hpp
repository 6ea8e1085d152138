// Owns: settings that hold for a while. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace helix::pg {

// Until the nesting level that NewGUCNestLevel() gave last ends: by AtEOXact_GUC(), an OwnerSpi's finish(), or an
// abort.
inline void set_for_now(const char* name, const char* value) {
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

} // namespace helix::pg
