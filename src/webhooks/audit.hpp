// Owns: rows of helix.webhook_secret_audits, which the trigger on schedules writes. Within webhooks/.
#pragma once

#include "pg/prelude.hpp"

namespace helix::webhooks {

// The reason that rows give which are written while it lives. What is done meanwhile goes through pg::call(), so that
// an error ends it too.
class AuditReason {
  public:
    explicit AuditReason(const char* reason);
    AuditReason(const AuditReason&) = delete;
    AuditReason& operator=(const AuditReason&) = delete;
    ~AuditReason();
};

} // namespace helix::webhooks
