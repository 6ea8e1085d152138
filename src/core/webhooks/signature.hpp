// Owns: how senders sign webhooks. It reads a signature's header by the description of a scheme, builds what is signed,
// and verifies it. Anyone may use it; it never looks at a body.
#pragma once

#include "core/encoding.hpp"
#include "core/webhooks/mac.hpp"

namespace helix {

// A row of helix.webhook_schemes. An empty text means that the scheme has no such thing.
struct WebhookScheme {
    Hash hash = Hash::sha256;
    Encoding encoding = Encoding::hex;
    std::string_view separator;        // between the items of the signature's header; empty: it is one item
    std::string_view prefix;           // of an item that is a signature; other items are passed over
    std::string_view timestamp_prefix; // of the item that is the timestamp
    std::string_view signed_content;   // with {body}, {timestamp}, {id}
    std::string_view key_prefix;       // taken off the secret
    Encoding key_encoding = Encoding::raw;
};

// A call. `timestamp` and `id` are those that have a header of their own; empty: none.
struct WebhookMessage {
    std::string_view body;
    std::string_view signature;
    std::string_view timestamp;
    std::string_view id;
};

// How far a timestamp may be from now, in s.
struct WebhookTolerance {
    std::int64_t past = 300;
    std::int64_t ahead = 60;
};

enum class WebhookVerdict { verified, no_signature, malformed, no_timestamp, no_id, wrong, too_old, too_new };

// The verdict in words, for an operator.
const char* describe(WebhookVerdict verdict);

struct WebhookVerification {
    WebhookVerdict verdict = WebhookVerdict::no_signature;
    Mac mac;                    // the one that verified
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

// Throws Error 22023 unless `signed_content` has {body} once, {timestamp} and {id} once at most, and nothing else in
// braces. An {id} must come before the {body}, with text behind it. Else what is signed could be read as another id and
// body.
void check_signed_content(std::string_view signed_content);

// Throws Error HX003 where the secret is not what the scheme wants.
void check_key(const WebhookScheme& scheme, std::string_view secret);

// The code of a message under a secret. Throws Error HX003 where the secret is not what the scheme wants.
Mac sign(const WebhookScheme& scheme, const WebhookMessage& message, std::string_view secret);

// Whether one of the signatures is that of the message under one of the secrets. It takes the same time whichever
// secret that is. `now` is in s since 1970. Throws as sign() does.
WebhookVerification verify(const WebhookScheme& scheme, const WebhookMessage& message,
                           std::span<const std::string_view> secrets, const WebhookTolerance& tolerance,
                           std::int64_t now);

} // namespace helix
