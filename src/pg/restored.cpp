#include "pg/restored.hpp"

#include "pg/relations.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace helix::pg {

bool is_restored(const TriggerRow& row) {
    bool is_null = false;
    const Datum created_at = row.value("created_at", &is_null);
    return has_privs_of_role(GetUserId(), extension_owner()) && !is_null &&
           DatumGetTimestampTz(created_at) != GetCurrentTransactionStartTimestamp();
}

} // namespace helix::pg
