// Fuzz target: signatures of webhooks. Headers are what an attacker writes; what was not signed must not verify, and
// what was signed must, whatever stands around it.
#include "check.hpp"
#include "core/error.hpp"
#include "core/webhooks/body_field.hpp"
#include "core/webhooks/challenge.hpp"
#include "core/webhooks/form_fields.hpp"
#include "core/webhooks/signature.hpp"
#include "core/webhooks/signed_content.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <string>

using namespace helix;

namespace {

constexpr std::int64_t now = 1'700'000'000;
constexpr std::string_view now_text = "1700000000";
constexpr std::string_view secret = "c2VjcmV0"; // base64 and raw
constexpr const char* separators[] = {"", ",", " ", "; "};
constexpr const char* prefixes[] = {"", "v1=", "v1,", "sha256="};
constexpr const char* contents[] = {"{body}", "{timestamp}.{body}", "{id}.{timestamp}.{body}", "v0:{timestamp}:{body}",
                                    "{body}{id}"};

std::string written(const Mac& mac, Encoding encoding) {
    std::string out;
    if (encoding == Encoding::hex) {
        for (std::size_t i = 0; i < mac.size; ++i) {
            out += "0123456789abcdef"[mac.bytes[i] >> 4];
            out += "0123456789ABCDEF"[mac.bytes[i] & 15];
        }
        return out;
    }
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < mac.size; i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (i + j < mac.size ? mac.bytes[i + j] : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += i + j > mac.size ? '=' : digits[bits >> (18 - 6 * j) & 63];
        }
    }
    return out;
}

WebhookScheme any_scheme(FuzzedDataProvider& data) {
    WebhookScheme scheme;
    scheme.hash = data.PickValueInArray({Hash::sha1, Hash::sha256, Hash::sha512});
    scheme.encoding = data.PickValueInArray({Encoding::hex, Encoding::base64});
    scheme.separator = data.PickValueInArray(separators);
    scheme.prefix = data.PickValueInArray(prefixes);
    if (!scheme.separator.empty() && scheme.prefix.find(scheme.separator) != std::string_view::npos) {
        scheme.prefix = {}; // the table refuses such a scheme
    }
    scheme.signed_content = data.PickValueInArray(contents);
    scheme.timestamp_prefix =
        data.ConsumeBool() && scheme.signed_content.find("{timestamp}") != std::string_view::npos ? "t=" : "";
    scheme.key_prefix = data.ConsumeBool() ? "whsec_" : "";
    scheme.key_encoding = data.PickValueInArray({Encoding::raw, Encoding::base64});
    return scheme;
}

WebhookVerdict verdict(const WebhookScheme& scheme, const WebhookMessage& message) {
    return verify(scheme, message, std::span(&secret, 1), {}, now).verdict;
}

void fuzz_header(FuzzedDataProvider& data) {
    const WebhookScheme scheme = any_scheme(data);
    const auto timestamp = data.ConsumeBool() ? std::string(now_text) : data.ConsumeRandomLengthString(20);
    const auto id = data.ConsumeRandomLengthString(20);
    const auto body = data.ConsumeRandomLengthString(100);
    const auto noise = data.ConsumeRemainingBytesAsString();
    const auto found = read_signatures(scheme, noise);
    check(found.count <= most_signatures, "more signatures than there is room for");
    check(verdict(scheme, {body, noise, timestamp, id}) != WebhookVerdict::verified, "a guess that verifies");

    const WebhookMessage message{
        body, {}, scheme.timestamp_prefix.empty() ? std::string_view(timestamp) : now_text, id};
    std::string header(scheme.prefix);
    header += written(sign(scheme, message, secret), scheme.encoding);
    if (!scheme.timestamp_prefix.empty() && !scheme.separator.empty()) {
        header = "t=" + std::string(now_text) + std::string(scheme.separator) + header;
    }
    const auto result = verdict(scheme, {body, header, timestamp, id});
    const bool wants_time = scheme.signed_content.find("{timestamp}") != std::string_view::npos;
    const bool wants_id = scheme.signed_content.find("{id}") != std::string_view::npos;
    const bool has_time =
        !wants_time || (scheme.timestamp_prefix.empty() ? timestamp == now_text : !scheme.separator.empty());
    const bool has_id = !wants_id || (!id.empty() && id.find('.') == std::string::npos) ||
                        (scheme.signed_content.ends_with("{id}") && !id.empty());
    check(!(has_time && has_id) || result == WebhookVerdict::verified, "what was signed does not verify");
    check(*describe(result) != '\0', "a verdict without a word");
    if (has_time && has_id && !scheme.separator.empty()) {
        const auto around = header + std::string(scheme.separator) + "x" + noise;
        const auto again = verdict(scheme, {body, around, timestamp, id});
        check(again == WebhookVerdict::verified || !read_signatures(scheme, around).well_formed,
              "other items hide a signature");
    }
}

void fuzz_content(FuzzedDataProvider& data) {
    const auto content = data.ConsumeRemainingBytesAsString();
    try {
        check_signed_content(content);
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
        return;
    }
    WebhookScheme scheme;
    scheme.signed_content = content;
    const WebhookMessage message{"body", {}, "1", "id"};
    const bool signs_body = signs(content, Mark::body) || signs(content, Mark::form);
    check(signs_body || (signs(content, Mark::timestamp) && signs(content, Mark::id)),
          "a signature is worth many calls");
    check(!signs_body || !equal(sign(scheme, message, "k"), sign(scheme, {"other", {}, "1", "id"}, "k")),
          "the body is not signed");
}

void fuzz_decode(FuzzedDataProvider& data) {
    const auto encoding = data.PickValueInArray({Encoding::raw, Encoding::hex, Encoding::base64});
    const auto text = data.ConsumeRemainingBytesAsString();
    Mac mac;
    const auto size = decode(encoding, text, mac.bytes);
    if (!size || encoding == Encoding::raw) {
        return;
    }
    check(*size <= mac.bytes.size(), "more bytes than there is room for");
    mac.size = *size;
    std::string same = written(mac, encoding);
    const auto lower = [](std::string s) {
        for (char& c : s) {
            c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        return s;
    };
    check(encoding == Encoding::hex ? lower(same) == lower(text) : same == text, "two texts for the same bytes");
}

void fuzz_key(FuzzedDataProvider& data) {
    const WebhookScheme scheme = any_scheme(data);
    const auto key = data.ConsumeRemainingBytesAsString();
    try {
        sign(scheme, {"body", {}, now_text, "id"}, key);
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "HX003", "another sqlstate");
        static const std::string told = error.detail; // the same for every key: it repeats none
        check(error.detail == told, "the refusal depends on the key");
    }
}

// Ed25519 and tokens: what an attacker writes is neither.
void fuzz_other_signing(FuzzedDataProvider& data) {
    constexpr std::string_view public_key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    WebhookScheme scheme;
    scheme.signing = data.PickValueInArray({Signing::ed25519, Signing::token});
    const bool is_token = scheme.signing == Signing::token;
    scheme.encoding = is_token ? Encoding::raw : Encoding::hex;
    scheme.key_encoding = is_token ? Encoding::raw : Encoding::hex;
    scheme.signed_content = is_token ? "" : "{timestamp}{body}";
    const auto body = data.ConsumeRandomLengthString(50);
    const auto signature = data.ConsumeRemainingBytesAsString();
    const auto result = verify(scheme, {body, signature, now_text, {}}, std::span(&public_key, 1), {}, now);
    check(result.verdict != WebhookVerdict::verified || (is_token && signature.find(public_key) != std::string::npos),
          "a guess that verifies");
}

// A field that is found is one that JSON can hold, and a form's text is the same in any order of its fields.
void fuzz_fields(FuzzedDataProvider& data) {
    const auto path = data.ConsumeRandomLengthString(20);
    const auto body = data.ConsumeRemainingBytesAsString();
    try {
        check_body_path(path);
    } catch (const Error& error) {
        check(std::string_view(error.sqlstate) == "22023", "another sqlstate");
        return;
    }
    const auto found = body_field(body, path);
    check(!found || (found->size() <= body.size() && found->find('\0') == std::string::npos),
          "a field with more than it had");
    const auto form = sorted_form_fields(body);
    check(!form || form->size() <= body.size(), "a form with more than it had");
    const auto end = body.find('&');
    if (end != std::string::npos) {
        const auto turned = body.substr(end + 1) + "&" + body.substr(0, end);
        check(form == sorted_form_fields(turned), "the order of fields is signed");
    }
    form_field(body, path);
}

// A reply in JSON holds the token as one string, whatever it is.
void fuzz_challenge(FuzzedDataProvider& data) {
    WebhookChallenge challenge;
    challenge.place = data.PickValueInArray({ChallengePlace::body, ChallengePlace::query});
    challenge.field = "type";
    challenge.value = "ask";
    challenge.token = "token";
    challenge.reply = "{token}";
    const auto text = data.ConsumeRemainingBytesAsString();
    is_challenge(challenge, text, text);
    const auto reply = challenge_reply({}, challenge, text, text, secret);
    const auto token = challenge.place == ChallengePlace::query ? form_field(text, "token") : body_field(text, "token");
    check(reply.has_value() == token.has_value(), "a reply without its token");
    if (reply && token->find('\0') == std::string::npos) { // body_field() reads no zero
        check(body_field("{\"x\": " + *reply + "}", "x") == token, "a reply that is another string");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    FuzzedDataProvider data(bytes, size);
    switch (data.ConsumeIntegralInRange(0, 8)) {
    case 0:
        fuzz_content(data);
        break;
    case 1:
        fuzz_decode(data);
        break;
    case 2:
        fuzz_key(data);
        break;
    case 3:
        fuzz_other_signing(data);
        break;
    case 4:
        fuzz_fields(data);
        break;
    case 5:
        fuzz_challenge(data);
        break;
    default:
        fuzz_header(data);
    }
    return 0;
}
