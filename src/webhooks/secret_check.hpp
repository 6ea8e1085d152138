// Owns: holding a message against the secrets that references name. Within webhooks/.
#pragma once

#include "core/webhooks/signature.hpp"
#include "webhooks/scheme.hpp"

namespace helix::webhooks {

// Plain data.
struct Check {
    WebhookVerification verification;
    bool has_secret; // else none could be loaded, and `reason` says why
    char reason[300];

    bool verified() const { return has_secret && verification.verdict == WebhookVerdict::verified; }
};

// Null references are passed over. With no reference at all there is no secret.
Check check(const Scheme& scheme, const WebhookMessage& message, const char* const (&secret_refs)[2],
            const WebhookTolerance& tolerance);

// The same work for nothing: nobody can tell by the time it takes that there was no secret to look for.
void check_in_vain(const Scheme& scheme, const WebhookMessage& message);

// The code of a message under each of the secrets that can be loaded, as far as `expected` goes: whether one is the
// same. Throws Error HX003 where none can be.
bool signed_as(const Scheme& scheme, const WebhookMessage& message, const char* const (&secret_refs)[2],
               std::string_view expected);

} // namespace helix::webhooks
