// Owns: finding the parts of a call where its scheme says that they are. Within webhooks/. May throw Error.
#pragma once

#include "webhooks/headers.hpp"
#include "webhooks/scheme.hpp"

namespace helix::webhooks {

// A field of the body in the current memory context; empty where `path` is null or there is none.
std::string_view field_of(std::string_view body, const char* path);

// What stands in a header, or in a field of the body.
std::string_view find(const Place& place, const Jsonb* headers, std::string_view body);

// `signature` where it is not empty, else as the scheme says.
WebhookMessage read_message(const Scheme& scheme, std::string_view body, std::string_view signature,
                            const Jsonb* headers, std::string_view url);

} // namespace helix::webhooks
