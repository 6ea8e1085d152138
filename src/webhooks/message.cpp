#include "pg/prelude.hpp"

#include "webhooks/message.hpp"

#include "core/webhooks/body_field.hpp"
#include "pg/guard.hpp"

namespace helix::webhooks {

std::string_view field_of(std::string_view body, const char* path) {
    if (path == nullptr) {
        return {};
    }
    const auto found = body_field(body, path);
    if (!found) {
        return {};
    }
    const std::string_view text = *found;
    return {pg::call([&] { return pnstrdup(text.data(), text.size()); }), text.size()};
}

std::string_view find(const Place& place, const Jsonb* headers, std::string_view body) {
    return place.header != nullptr ? header(headers, place.header) : field_of(body, place.path);
}

WebhookMessage read_message(const Scheme& scheme, std::string_view body, std::string_view signature,
                            const Jsonb* headers, std::string_view url) {
    return {.body = body,
            .signature = signature.empty() ? find(scheme.signature, headers, body) : signature,
            .timestamp = find(scheme.timestamp, headers, body),
            .id = find(scheme.id, headers, body),
            .url = url};
}

} // namespace helix::webhooks
