// Owns: what describes how a sender signs, and a call as it is verified. Anyone may use it.
#pragma once

#include "core/encoding.hpp"
#include "core/webhooks/mac.hpp"

namespace helix {

// How a signature comes about: an HMAC by the secret, Ed25519 by the sender's private key, whose public key is the
// secret here, or the secret itself, which signs nothing.
enum class Signing { hmac, ed25519, token };

enum class TimeUnit { seconds, milliseconds };

// A row of helix.webhook_schemes. An empty text means that the scheme has no such thing.
struct WebhookScheme {
    Signing signing = Signing::hmac;
    Hash hash = Hash::sha256;
    Encoding encoding = Encoding::hex;
    std::string_view separator;        // between the items of the signature's header; empty: it is one item
    std::string_view prefix;           // of an item that is a signature; other items are passed over
    std::string_view timestamp_prefix; // of the item that is the timestamp
    std::string_view signed_content;   // with {body}, {form}, {url}, {timestamp}, {id}
    std::string_view key_prefix;       // taken off the secret
    Encoding key_encoding = Encoding::raw;
    TimeUnit timestamp_unit = TimeUnit::seconds;
};

// A call. `timestamp` and `id` are those that have a place of their own; empty: none.
struct WebhookMessage {
    std::string_view body;
    std::string_view signature;
    std::string_view timestamp;
    std::string_view id;
    std::string_view url = {}; // that the sender calls
};

// How far a timestamp may be from now, in s.
struct WebhookTolerance {
    std::int64_t past = 300;
    std::int64_t ahead = 60;
};

} // namespace helix
