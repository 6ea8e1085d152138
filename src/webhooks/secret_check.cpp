// Objects of C++ live here while secrets are read; secrets::read() allows that.
#include "pg/prelude.hpp"

#include "webhooks/secret_check.hpp"

#include "core/error.hpp"
#include "pg/error_text.hpp"
#include "pg/times.hpp"
#include "secrets/secrets.hpp"

#include <openssl/crypto.h>

namespace helix::webhooks {

namespace {

constexpr std::string_view no_secret = "there is no secret"; // stands for the one that an unknown schedule has not

// The secrets that can be loaded and are what the scheme wants; why not, where none is.
struct Secrets {
    std::array<Secret, 2> held;
    std::array<std::string_view, 2> views;
    std::size_t count = 0;
    std::string reason = "The schedule has no webhook_secret_ref.";

    Secrets(const WebhookScheme& scheme, const char* const (&references)[2]) {
        for (const char* reference : references) {
            if (reference != nullptr) {
                load(scheme, reference);
            }
        }
    }
    std::span<const std::string_view> all() const { return {views.data(), count}; }

  private:
    void load(const WebhookScheme& scheme, const char* reference) {
        try {
            held[count] = secrets::read(reference);
            views[count] = held[count].view();
            check_key(scheme, views[count]);
            ++count;
        } catch (const Error& error) { // the other one may do
            reason = error.detail;
        }
    }
};

} // namespace

Check check(const Scheme& scheme, const WebhookMessage& message, const char* const (&secret_refs)[2],
            const WebhookTolerance& tolerance) {
    Check result{};
    const Secrets secrets(scheme.core, secret_refs);
    result.has_secret = secrets.count > 0;
    if (result.has_secret) {
        result.verification =
            verify(scheme.core, message, secrets.all(), tolerance, pg::unix_seconds(GetCurrentTimestamp()));
    }
    pg::copy_error(result.reason, sizeof(result.reason), secrets.reason);
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
    const Secrets secrets(scheme.core, secret_refs);
    if (secrets.count == 0) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable", secrets.reason,
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
