// Reads the signatures of webhooks and verifies them, by the description of a scheme.
#include "core/webhooks/signature.hpp"

#include "core/error.hpp"
#include "core/numbers.hpp"

#include <algorithm>
#include <string.h>

namespace helix {

namespace {

constexpr std::string_view body_mark = "{body}";
constexpr std::string_view timestamp_mark = "{timestamp}";
constexpr std::string_view id_mark = "{id}";
constexpr std::size_t most_parts = 8; // three marks and the texts around them, with room
constexpr std::size_t longest_key = 4096;

// Without what editors and copying leave around it: blanks, ends of lines, a byte order mark.
std::string_view without_margins(std::string_view secret) {
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

// A key of other bytes than printable ASCII is taken as it is: its margins are a part of it.
std::string_view without_margins_of_text(std::string_view secret) {
    const auto text = without_margins(secret);
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    return printable ? text : secret;
}

// A secret as its scheme writes it, decoded and wiped.
class Key {
  public:
    Key(const WebhookScheme& scheme, std::string_view written) {
        const auto secret = without_prefixes(scheme, without_margins_of_text(written));
        size_ = decode(scheme.key_encoding, secret, bytes_).value_or(0);
        if (size_ == 0) {
            wipe();
            throw Error(sqlstate::secret_unavailable, "secret unavailable", "It is not written as its scheme wants it.",
                        "Store the secret as the sender shows it.");
        }
    }
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    ~Key() { wipe(); }

    std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }

  private:
    // Some senders write the prefix of signatures before the secret too: v1,whsec_<base64>.
    static std::string_view without_prefixes(const WebhookScheme& scheme, std::string_view secret) {
        if (scheme.key_prefix.empty()) {
            return secret;
        }
        const bool is_versioned = !scheme.prefix.empty() && secret.starts_with(scheme.prefix) &&
                                  secret.substr(scheme.prefix.size()).starts_with(scheme.key_prefix);
        secret.remove_prefix(is_versioned ? scheme.prefix.size() : 0);
        secret.remove_prefix(secret.starts_with(scheme.key_prefix) ? scheme.key_prefix.size() : 0);
        return secret;
    }
    void wipe() { explicit_bzero(bytes_.data(), bytes_.size()); }

    std::array<std::uint8_t, longest_key> bytes_;
    std::size_t size_ = 0;
};

struct Parts {
    std::array<std::string_view, most_parts> texts;
    std::size_t count = 0;
    void add(std::string_view part) {
        if (!part.empty() && count < most_parts) {
            texts[count++] = part;
        }
    }
    std::span<const std::string_view> all() const { return {texts.data(), count}; }
};

Parts signed_parts(std::string_view content, const WebhookMessage& message) {
    Parts parts;
    while (!content.empty()) {
        const auto brace = std::min(content.find('{'), content.size());
        parts.add(content.substr(0, brace));
        content.remove_prefix(brace);
        const std::string_view values[] = {message.body, message.timestamp, message.id};
        const std::string_view marks[] = {body_mark, timestamp_mark, id_mark};
        for (std::size_t i = 0; i < std::size(marks); ++i) {
            if (content.starts_with(marks[i])) {
                parts.add(values[i]);
                content.remove_prefix(marks[i].size());
                break;
            }
        }
    }
    return parts;
}

std::optional<std::int64_t> parse_seconds(std::string_view digits) {
    constexpr std::size_t most_digits = 12;
    const auto seconds = whole_number<std::int64_t>(digits);
    return seconds && *seconds >= 0 && digits.size() <= most_digits ? seconds : std::nullopt;
}

// A signature of another form becomes one that no message has.
Mac claimed_mac(const WebhookScheme& scheme, std::string_view signature) {
    Mac mac;
    const auto size = decode(scheme.encoding, signature, mac.bytes);
    mac.size = size == hash_size(scheme.hash) ? *size : 0;
    return mac;
}

WebhookVerdict judge_time(const WebhookScheme& scheme, std::string_view timestamp, const WebhookTolerance& tolerance,
                          std::int64_t now) {
    if (scheme.signed_content.find(timestamp_mark) == std::string_view::npos) {
        return WebhookVerdict::verified;
    }
    const auto seconds = parse_seconds(timestamp);
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
    if (scheme.signed_content.find(timestamp_mark) != std::string_view::npos && message.timestamp.empty()) {
        return WebhookVerdict::no_timestamp;
    }
    const auto id_at = scheme.signed_content.find(id_mark);
    if (id_at == std::string_view::npos) {
        return WebhookVerdict::verified;
    }
    // An id with the character that ends it in what is signed could swallow what follows it.
    const auto after_id = scheme.signed_content.substr(id_at + id_mark.size(), 1);
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

void check_signed_content(std::string_view signed_content) {
    std::size_t bodies = 0;
    std::size_t timestamps = 0;
    std::size_t ids = 0;
    bool others = false;
    for (auto at = signed_content.find('{'); at != std::string_view::npos; at = signed_content.find('{', at + 1)) {
        const auto rest = signed_content.substr(at);
        bodies += rest.starts_with(body_mark) ? 1 : 0;
        timestamps += rest.starts_with(timestamp_mark) ? 1 : 0;
        ids += rest.starts_with(id_mark) ? 1 : 0;
        others =
            others || !(rest.starts_with(body_mark) || rest.starts_with(timestamp_mark) || rest.starts_with(id_mark));
    }
    if (bodies != 1 || timestamps > 1 || ids > 1 || others) {
        throw Error(sqlstate::invalid_parameter_value, "not a description of what is signed",
                    "It is \"" + std::string(signed_content) + "\".",
                    "Write {body} once, {timestamp} and {id} at most once, and plain text around them.");
    }
    const auto id = signed_content.find(id_mark);
    if (id != std::string_view::npos &&
        (signed_content.find(body_mark) < id || signed_content[id + id_mark.size()] == '{')) {
        throw Error(sqlstate::invalid_parameter_value, "nothing tells where the id ends",
                    "It is \"" + std::string(signed_content) + "\".",
                    "Write {id} before {body}, with text between it and what follows.");
    }
}

void check_key(const WebhookScheme& scheme, std::string_view secret) {
    const Key key(scheme, secret);
}

Mac sign(const WebhookScheme& scheme, const WebhookMessage& message, std::string_view secret) {
    const Key key(scheme, secret);
    return hmac(scheme.hash, key.view(), signed_parts(scheme.signed_content, message).all());
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
    bool matches = false;
    for (const std::string_view secret : secrets) { // all of them, also where the form is wrong: time tells nothing
        const Mac mac = sign(scheme, signed_message, secret);
        for (std::size_t i = 0; i < signatures.count; ++i) {
            if (equal(mac, claimed_mac(scheme, signatures.texts[i]))) {
                matches = true;
                result.mac = mac;
            }
        }
    }
    result.verdict = judge_form(scheme, signed_message, signatures);
    if (result.verdict == WebhookVerdict::verified) {
        result.verdict = matches ? judge_time(scheme, signed_message.timestamp, tolerance, now) : WebhookVerdict::wrong;
    }
    return result;
}

} // namespace helix
