// Owns: the secrets of a schedule while a call is held against them. Within webhooks/. An object of C++: what it lives
// next to calls PostgreSQL by pg::call().
#pragma once

#include "core/secrets/secret.hpp"
#include "webhooks/scheme.hpp"

namespace helix::webhooks {

// Those that can be loaded and are what the scheme wants; why not, where none is. Null references are passed over.
class LoadedSecrets {
  public:
    LoadedSecrets(const WebhookScheme& scheme, const char* const (&references)[2]);

    std::span<const std::string_view> all() const { return {views_.data(), count_}; }
    bool empty() const { return count_ == 0; }
    const std::string& reason() const { return reason_; }

  private:
    void load(const WebhookScheme& scheme, const char* reference);

    std::array<Secret, 2> held_;
    std::array<std::string_view, 2> views_;
    std::size_t count_ = 0;
    std::string reason_ = "The schedule has no webhook_secret_ref.";
};

} // namespace helix::webhooks
