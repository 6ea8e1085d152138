// Reads secrets as their schemes write them.
#include "core/webhooks/key.hpp"

#include "core/error.hpp"
#include "core/webhooks/ed25519.hpp"

#include <algorithm>
#include <string.h>

namespace helix {

namespace {

std::string_view without_blanks(std::string_view secret) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    constexpr std::string_view blanks = " \t\r\n\v\f";
    for (auto before = secret.size() + 1; secret.size() < before;) {
        before = secret.size();
        secret.remove_prefix(std::min(secret.find_first_not_of(blanks), secret.size()));
        secret = secret.substr(0, secret.find_last_not_of(blanks) + 1);
        secret.remove_prefix(secret.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
        secret.remove_suffix(secret.ends_with(byte_order_mark) ? byte_order_mark.size() : 0);
    }
    return secret;
}

// Some senders write the prefix of signatures before the secret too: v1,whsec_<base64>.
std::string_view without_prefixes(const WebhookScheme& scheme, std::string_view secret) {
    if (scheme.key_prefix.empty()) {
        return secret;
    }
    const bool is_versioned = !scheme.prefix.empty() && secret.starts_with(scheme.prefix) &&
                              secret.substr(scheme.prefix.size()).starts_with(scheme.key_prefix);
    secret.remove_prefix(is_versioned ? scheme.prefix.size() : 0);
    secret.remove_prefix(secret.starts_with(scheme.key_prefix) ? scheme.key_prefix.size() : 0);
    return secret;
}

bool has_right_size(const WebhookScheme& scheme, std::size_t size) {
    return scheme.signing == Signing::ed25519 ? size == ed25519_key_size : size > 0;
}

} // namespace

std::string_view without_margins(std::string_view secret) {
    const auto text = without_blanks(secret);
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    return printable ? text : secret;
}

WebhookKey::WebhookKey(const WebhookScheme& scheme, std::string_view secret) {
    size_ = decode(scheme.key_encoding, without_prefixes(scheme, without_margins(secret)), bytes_).value_or(0);
    if (!has_right_size(scheme, size_)) {
        wipe();
        throw Error(sqlstate::secret_unavailable, "secret unavailable", "It is not written as its scheme wants it.",
                    "Store the secret as the sender shows it.");
    }
}

void WebhookKey::wipe() {
    explicit_bzero(bytes_.data(), bytes_.size());
}

void check_key(const WebhookScheme& scheme, std::string_view secret) {
    const WebhookKey key(scheme, secret);
}

} // namespace helix
