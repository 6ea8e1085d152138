// Owns: settings that hold for a while. Any feature may use it.
#pragma once

#include "pg/prelude.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace helix::pg {

// Sets until the last nesting level of NewGUCNestLevel() ends: by AtEOXact_GUC(), by an OwnerSpi's finish(), or by an
// abort.
inline void set_for_now(const char* name, const char* value) {
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

} // namespace helix::pg
