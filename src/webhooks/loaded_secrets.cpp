#include "pg/prelude.hpp"

#include "webhooks/loaded_secrets.hpp"

#include "core/error.hpp"
#include "secrets/secrets.hpp"

namespace helix::webhooks {

LoadedSecrets::LoadedSecrets(const WebhookScheme& scheme, const char* const (&references)[2]) {
    for (const char* reference : references) {
        if (reference != nullptr) {
            load(scheme, reference);
        }
    }
}

void LoadedSecrets::load(const WebhookScheme& scheme, const char* reference) {
    try {
        held_[count_] = secrets::read(reference);
        views_[count_] = held_[count_].view();
        check_key(scheme, views_[count_]);
        ++count_;
    } catch (const Error& error) { // the other one may do
        reason_ = error.detail;
    }
}

} // namespace helix::webhooks
