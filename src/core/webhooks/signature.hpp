// Owns: signatures of webhooks. It reads a signature's header by the description of a scheme, and verifies it. Anyone
// may use it.
#pragma once

#include "core/webhooks/key.hpp"

namespace helix {

enum class WebhookVerdict { verified, no_signature, malformed, no_timestamp, no_id, wrong, too_old, too_new };

// The verdict in words, for an operator.
const char* describe(WebhookVerdict verdict);

struct WebhookVerification {
    WebhookVerdict verdict = WebhookVerdict::no_signature;
    Mac mac;                    // sign() of the secret that verified
    std::string_view timestamp; // as signed, wherever it stood
};

// Signatures that a header may list; more are malformed.
inline constexpr std::size_t most_signatures = 16;

// What the signature's header says.
struct WebhookSignatures {
    std::array<std::string_view, most_signatures> texts;
    std::size_t count = 0;
    std::string_view timestamp;
    bool well_formed = true;
};
WebhookSignatures read_signatures(const WebhookScheme& scheme, std::string_view header);

// The code of a message under a secret: the sender's own where that is an HMAC, else one that only the same message and
// secret have. Throws Error HX003 where the secret is not what the scheme wants.
Mac sign(const WebhookScheme& scheme, const WebhookMessage& message, std::string_view secret);

// Whether one of the signatures is that of the message under one of the secrets. It takes the same time whichever
// secret that is. `now` is in s since 1970. Throws as sign() does.
WebhookVerification verify(const WebhookScheme& scheme, const WebhookMessage& message,
                           std::span<const std::string_view> secrets, const WebhookTolerance& tolerance,
                           std::int64_t now);

} // namespace helix
