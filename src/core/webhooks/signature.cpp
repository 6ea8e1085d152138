// Reads the signatures of webhooks and verifies them, by the description of a scheme.
#include "core/webhooks/signature.hpp"

#include "core/numbers.hpp"
#include "core/webhooks/ed25519.hpp"
#include "core/webhooks/signed_content.hpp"

#include <algorithm>

namespace helix {

namespace {

// In s since 1970. A zero in front is refused: it could have been the end of what is signed before the time.
std::optional<std::int64_t> parse_time(std::string_view digits, TimeUnit unit) {
    const std::size_t most_digits = unit == TimeUnit::seconds ? 12 : 15;
    const auto number = whole_number<std::int64_t>(digits);
    if (!number || *number < 0 || digits.size() > most_digits || (digits.size() > 1 && digits.front() == '0')) {
        return std::nullopt;
    }
    return unit == TimeUnit::seconds ? *number : *number / 1000;
}

// A signature of another form becomes one that no message has.
Mac claimed_mac(const WebhookScheme& scheme, std::string_view signature) {
    Mac mac;
    const auto size = decode(scheme.encoding, signature, mac.bytes);
    const std::size_t right = scheme.signing == Signing::ed25519 ? ed25519_signature_size : hash_size(scheme.hash);
    mac.size = size == right ? *size : 0;
    return mac;
}

// A code by the key over what is signed. Where the sender makes no such code it stands for one in replays.
Mac code_of(const WebhookScheme& scheme, const WebhookKey& key, const SignedContent& content, std::string_view body) {
    if (scheme.signing == Signing::token) {
        return hmac(Hash::sha256, key.view(), std::span(&body, 1));
    }
    return hmac(scheme.signing == Signing::hmac ? scheme.hash : Hash::sha256, key.view(), content.parts());
}

bool is_signed(const WebhookScheme& scheme, const WebhookKey& key, const SignedContent& content, const Mac& code,
               std::string_view signature) {
    if (scheme.signing == Signing::token) {
        return equal_text(key.view(), signature);
    }
    const Mac claimed = claimed_mac(scheme, signature);
    if (scheme.signing == Signing::hmac) {
        return equal(code, claimed);
    }
    return verify_ed25519(key.view(), content.parts(),
                          {reinterpret_cast<const char*>(claimed.bytes.data()), claimed.size});
}

WebhookVerdict judge_time(const WebhookScheme& scheme, std::string_view timestamp, const WebhookTolerance& tolerance,
                          std::int64_t now) {
    if (!signs(scheme.signed_content, Mark::timestamp)) {
        return WebhookVerdict::verified;
    }
    const auto seconds = parse_time(timestamp, scheme.timestamp_unit);
    if (!seconds) {
        return WebhookVerdict::malformed;
    }
    if (*seconds < now - tolerance.past) {
        return WebhookVerdict::too_old;
    }
    return *seconds > now + tolerance.ahead ? WebhookVerdict::too_new : WebhookVerdict::verified;
}

// Whether everything is there that is compared: if not, what is missing.
WebhookVerdict judge_form(const WebhookScheme& scheme, const WebhookMessage& message,
                          const WebhookSignatures& signatures) {
    if (message.signature.empty()) {
        return WebhookVerdict::no_signature;
    }
    if (!signatures.well_formed || signatures.count == 0) {
        return WebhookVerdict::malformed;
    }
    if (signs(scheme.signed_content, Mark::timestamp) && message.timestamp.empty()) {
        return WebhookVerdict::no_timestamp;
    }
    if (!signs(scheme.signed_content, Mark::id)) {
        return WebhookVerdict::verified;
    }
    // An id with the character that ends it in what is signed could swallow what follows it.
    const auto after_id = text_after(scheme.signed_content, Mark::id).substr(0, 1);
    if (!after_id.empty() && message.id.find(after_id) != std::string_view::npos) {
        return WebhookVerdict::malformed;
    }
    return message.id.empty() ? WebhookVerdict::no_id : WebhookVerdict::verified;
}

} // namespace

const char* describe(WebhookVerdict verdict) {
    switch (verdict) {
    case WebhookVerdict::verified:
        return "verified";
    case WebhookVerdict::no_signature:
        return "no signature";
    case WebhookVerdict::malformed:
        return "the signature is malformed";
    case WebhookVerdict::no_timestamp:
        return "no timestamp";
    case WebhookVerdict::no_id:
        return "no id";
    case WebhookVerdict::wrong:
        return "the signature is wrong";
    case WebhookVerdict::too_old:
        return "the timestamp is too old";
    case WebhookVerdict::too_new:
        return "the timestamp is in the future";
    }
    return "";
}

WebhookSignatures read_signatures(const WebhookScheme& scheme, std::string_view header) {
    WebhookSignatures found;
    while (!header.empty()) {
        const auto end =
            scheme.separator.empty() ? header.size() : std::min(header.find(scheme.separator), header.size());
        std::string_view item = header.substr(0, end);
        header.remove_prefix(std::min(end + scheme.separator.size(), header.size()));
        while (item.starts_with(' ')) {
            item.remove_prefix(1);
        }
        if (!scheme.timestamp_prefix.empty() && item.starts_with(scheme.timestamp_prefix)) {
            found.well_formed = found.well_formed && found.timestamp.empty(); // two would leave open which is signed
            found.timestamp = item.substr(scheme.timestamp_prefix.size());
        } else if (item.starts_with(scheme.prefix)) {
            if (found.count == most_signatures) {
                found.well_formed = false;
                return found;
            }
            found.texts[found.count++] = item.substr(scheme.prefix.size());
        }
    }
    return found;
}

Mac sign(const WebhookScheme& scheme, const WebhookMessage& message, std::string_view secret) {
    const WebhookKey key(scheme, secret);
    return code_of(scheme, key, SignedContent(scheme.signed_content, message), message.body);
}

WebhookVerification verify(const WebhookScheme& scheme, const WebhookMessage& message,
                           std::span<const std::string_view> secrets, const WebhookTolerance& tolerance,
                           std::int64_t now) {
    const WebhookSignatures signatures = read_signatures(scheme, message.signature);
    WebhookMessage signed_message = message;
    if (!scheme.timestamp_prefix.empty()) {
        signed_message.timestamp = signatures.timestamp;
    }
    WebhookVerification result;
    result.timestamp = signed_message.timestamp;
    const SignedContent content(scheme.signed_content, signed_message);
    bool matches = false;
    for (const std::string_view secret : secrets) { // all of them, also where the form is wrong: time tells nothing
        const WebhookKey key(scheme, secret);
        const Mac code = code_of(scheme, key, content, message.body);
        for (std::size_t i = 0; i < signatures.count; ++i) {
            if (is_signed(scheme, key, content, code, signatures.texts[i])) {
                matches = true;
                result.mac = code;
            }
        }
    }
    if (!content.is_readable()) {
        matches = false;
    }
    result.verdict = judge_form(scheme, signed_message, signatures);
    if (result.verdict == WebhookVerdict::verified) {
        result.verdict = matches ? judge_time(scheme, signed_message.timestamp, tolerance, now) : WebhookVerdict::wrong;
    }
    return result;
}

} // namespace helix
