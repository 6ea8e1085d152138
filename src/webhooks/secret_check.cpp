// Objects of C++ live here while secrets are read; secrets::read() allows that.
#include "pg/prelude.hpp"

#include "webhooks/secret_check.hpp"

#include "core/error.hpp"
#include "pg/error_text.hpp"
#include "pg/times.hpp"
#include "webhooks/loaded_secrets.hpp"

#include <openssl/crypto.h>

namespace helix::webhooks {

namespace {

constexpr std::string_view no_secret = "there is no secret"; // stands for the one that an unknown schedule has not

} // namespace

Check check(const Scheme& scheme, const WebhookMessage& message, const char* const (&secret_refs)[2],
            const WebhookTolerance& tolerance) {
    Check result{};
    const LoadedSecrets secrets(scheme.core, secret_refs);
    result.has_secret = !secrets.empty();
    if (result.has_secret) {
        result.verification =
            verify(scheme.core, message, secrets.all(), tolerance, pg::unix_seconds(GetCurrentTimestamp()));
    }
    pg::copy_error(result.reason, sizeof(result.reason), secrets.reason());
    return result;
}

void check_in_vain(const Scheme& scheme, const WebhookMessage& message) {
    WebhookScheme readable = scheme.core;
    readable.key_prefix = {};
    readable.key_encoding = Encoding::raw;
    verify(readable, message, std::span(&no_secret, 1), {}, pg::unix_seconds(GetCurrentTimestamp()));
}

bool signed_as(const Scheme& scheme, const WebhookMessage& message, const char* const (&secret_refs)[2],
               std::string_view expected) {
    if (expected.empty()) {
        return false; // else it would be equal to everything
    }
    const LoadedSecrets secrets(scheme.core, secret_refs);
    if (secrets.empty()) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable", secrets.reason(),
                    "Give the schedule a secret that can be loaded.");
    }
    bool same = false;
    for (const std::string_view secret : secrets.all()) {
        const Mac mac = sign(scheme.core, message, secret);
        same = CRYPTO_memcmp(mac.bytes.data(), expected.data(), std::min(expected.size(), mac.size)) == 0 || same;
    }
    return same;
}

} // namespace helix::webhooks
