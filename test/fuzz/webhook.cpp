// Fuzz target: signatures of webhooks. Headers are what an attacker writes; what was not signed must not verify, and
// what was signed must, whatever stands around it.
#include "check.hpp"
#include "core/error.hpp"
#include "core/webhooks/signature.hpp"

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
    check(!equal(sign(scheme, message, "k"), sign(scheme, {"other", {}, "1", "id"}, "k")), "the body is not signed");
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

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    FuzzedDataProvider data(bytes, size);
    switch (data.ConsumeIntegralInRange(0, 5)) {
    case 0:
        fuzz_content(data);
        break;
    case 1:
        fuzz_decode(data);
        break;
    case 2:
        fuzz_key(data);
        break;
    default:
        fuzz_header(data);
    }
    return 0;
}
