// The trigger before a scheme is written: refuses what no signature can satisfy, and what nothing could be made of.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "core/webhooks/body_field.hpp"
#include "core/webhooks/challenge.hpp"
#include "core/webhooks/signed_content.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"
#include "webhooks/headers.hpp"
#include "webhooks/payload.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "lib/stringinfo.h"
}

namespace helix::webhooks {

namespace {

using Row = pg::TriggerRow;

constexpr const char* tables[] = {"helix.webhook_schemes"};
constexpr pg::TriggerRule rule{.function = "check_webhook_scheme",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

void refuse(const char* message, const char* detail, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message), errdetail("%s", detail),
                    errhint("%s", hint)));
}

bool is_given(const Row& row, const char* column) {
    const char* text = row.text(column);
    return text != nullptr && *text != '\0';
}

bool is_word(const Row& row, const char* column, const char* word) {
    const char* text = row.text(column);
    return text != nullptr && strcmp(text, word) == 0;
}

// Items that are never found whole.
void check_items(const char* separator, const char* prefix, const char* timestamp_prefix) {
    constexpr std::string_view written = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    if (std::string_view(separator).find_first_of(written) != std::string_view::npos) {
        refuse("a separator must not be part of a signature", psprintf("It is \"%s\".", separator),
               "Use characters that are neither letters, digits, +, / nor =.");
    }
    if (*separator != '\0' &&
        (strstr(prefix, separator) != nullptr || strstr(timestamp_prefix, separator) != nullptr)) {
        refuse("a separator must not be part of a prefix", psprintf("It is \"%s\".", separator),
               "Leave the separator out of the prefix.");
    }
    if (*prefix == ' ' || *timestamp_prefix == ' ') {
        refuse("a prefix must not begin with a blank",
               psprintf("It is \"%s\".", *prefix == ' ' ? prefix : timestamp_prefix),
               "Blanks before an item are passed over: leave them out.");
    }
}

// How many of the columns are given. Paths among them are read.
int count_places(const Row& row, const char* header, const char* path, const char* prefix = nullptr) {
    if (row.text(path) != nullptr) {
        check_body_path(row.text(path));
    }
    const int item = prefix != nullptr && is_given(row, prefix) ? 1 : 0;
    return (row.text(header) == nullptr ? 0 : 1) + (row.text(path) == nullptr ? 0 : 1) + item;
}

void check_signature(const Row& row) {
    if (count_places(row, "signature_header", "signature_path") != 1) {
        refuse("a scheme has its signature in one place", "It is in a header or in a field of the body.",
               "Set one of signature_header and signature_path, and the other one to null.");
    }
    const bool is_token = is_word(row, "algorithm", "token");
    if (is_token != is_word(row, "encoding", "raw")) {
        refuse("a token is written as it is, and a signature is encoded",
               psprintf("The algorithm is %s, the encoding %s.", row.text("algorithm"), row.text("encoding")),
               "Set encoding to raw where algorithm is token, and to hex or base64 elsewhere.");
    }
    const char* content = row.text("signed_content");
    if (is_token && *content != '\0') {
        refuse("a token signs nothing", psprintf("signed_content is \"%s\".", content),
               "Set signed_content to an empty text where algorithm is token.");
    }
    if (!is_token) {
        check_signed_content(content);
    }
}

void check_timestamp(const Row& row) {
    const char* content = row.text("signed_content");
    const int places = count_places(row, "timestamp_header", "timestamp_path", "timestamp_prefix");
    if (places > 1) {
        refuse("a scheme has its timestamp in one place",
               "More than one of timestamp_header, timestamp_path and timestamp_prefix are set.",
               "Leave the others out.");
    }
    if (signs(content, Mark::timestamp) != (places == 1)) {
        refuse("a timestamp has to be read and signed, or neither",
               psprintf("signed_content is \"%s\", the timestamp is read from %s.", content,
                        is_given(row, "timestamp_path") ? "the body"
                        : places == 1                   ? "a header"
                                                        : "nowhere"),
               "Set timestamp_header or timestamp_prefix where signed_content has {timestamp}, and nowhere else.");
    }
}

void check_id(const Row& row) {
    const char* content = row.text("signed_content");
    const int places = count_places(row, "id_header", "id_path");
    if (places > 1 || signs(content, Mark::id) != (places == 1)) {
        refuse("an id has to be read and signed, or neither",
               psprintf("signed_content is \"%s\", the id is read from %s.", content,
                        places == 0   ? "nowhere"
                        : places == 2 ? "two places"
                                      : "one place"),
               "Set id_header or id_path where signed_content has {id}, and nowhere else.");
    }
    if (count_places(row, "delivery_header", "delivery_path") + places > 1) {
        refuse("a delivery is known by one thing", "More than one of an id, delivery_header and delivery_path are set.",
               "Leave the others out.");
    }
}

// What is not for others' eyes is not kept.
void check_kept_headers(const Row& row) {
    bool is_null = false;
    const KeptNames names = read_kept_names(row.value("kept_headers", &is_null));
    if (names.count < 0) {
        refuse("not a list of headers", psprintf("It is %s.", row.text("kept_headers")),
               "Give at most 16 names in lower case, of letters, digits and -, at most 100 characters long.");
    }
    for (int i = 0; i < names.count; ++i) {
        const char* signature = row.text("signature_header");
        for (const char* secret : {signature, "authorization", "proxy-authorization", "cookie", "apikey"}) {
            if (secret != nullptr && names.names[i] == secret) {
                refuse("a header with a secret is not kept", psprintf("It is \"%s\".", secret),
                       "Leave it out of kept_headers.");
            }
        }
    }
}

WebhookChallenge challenge_of(const Row& row) {
    const auto view = [&](const char* column) {
        const char* text = row.text(column);
        return text == nullptr ? std::string_view() : std::string_view(text);
    };
    WebhookChallenge challenge;
    challenge.place = is_word(row, "challenge_in", "body") ? ChallengePlace::body : ChallengePlace::query;
    challenge.field = view("challenge_field");
    challenge.token = view("challenge_token");
    challenge.reply = view("challenge_reply");
    challenge.value = view("challenge_value");
    challenge.reply_type = is_word(row, "challenge_reply_type", "text") ? ReplyType::text : ReplyType::json;
    return challenge;
}

void check_challenge_paths(const WebhookChallenge& challenge) {
    if (challenge.place == ChallengePlace::body) {
        check_body_path(challenge.field);
        if (!challenge.token.empty()) {
            check_body_path(challenge.token);
        }
    }
}

// Whoever can ask for an HMAC of their own text must have signed it.
void check_hmac(const Row& row, const WebhookChallenge& challenge) {
    const bool has_hmac = challenge.reply.find("{hmac}") != std::string_view::npos;
    const bool is_hmac = !is_word(row, "algorithm", "ed25519") && !is_word(row, "algorithm", "token");
    if (has_hmac && (challenge.place == ChallengePlace::query || !is_hmac)) {
        refuse("an HMAC of a challenge's token is for signed bodies", "The reply has {hmac}.",
               "Use {hmac} where challenge_in is body and the algorithm is a hash.");
    }
}

// The reply with an empty string for each mark.
const char* sample_of_reply(const char* reply) {
    StringInfoData sample;
    initStringInfo(&sample);
    while (*reply != '\0') {
        const std::string_view left = reply;
        const int mark = left.starts_with("{token}") ? 7 : left.starts_with("{hmac}") ? 6 : 0;
        if (mark > 0) {
            appendStringInfoString(&sample, "\"\"");
        } else {
            appendStringInfoChar(&sample, *reply);
        }
        reply += std::max(mark, 1);
    }
    return sample.data;
}

void check_challenge(const Row& row) {
    const bool is_told = row.text("challenge_in") != nullptr;
    for (const char* column : {"challenge_field", "challenge_value", "challenge_reply"}) {
        if (is_told != (row.text(column) != nullptr)) {
            refuse("a challenge is described whole or not at all",
                   psprintf("%s is %s.", column, is_told ? "null" : "set"),
                   "Set challenge_in, challenge_field, challenge_value and challenge_reply, or none of them.");
        }
    }
    const bool is_asked = is_word(row, "challenge_in", "query");
    if (is_asked != is_given(row, "challenge_verify") || (!is_told && row.text("challenge_token") != nullptr)) {
        refuse("a challenge in a query has a verify token, and no other has",
               psprintf("challenge_in is %s.", is_told ? row.text("challenge_in") : "null"),
               "Set challenge_verify where challenge_in is query, and nowhere else.");
    }
    if (!is_told) {
        return;
    }
    const WebhookChallenge challenge = challenge_of(row);
    check_challenge_paths(challenge);
    check_challenge_reply(challenge);
    check_hmac(row, challenge);
    if (challenge.reply_type == ReplyType::json && !is_json(sample_of_reply(row.text("challenge_reply")))) {
        refuse("the reply to a challenge is not JSON", psprintf("It is \"%s\".", row.text("challenge_reply")),
               "Write JSON with {token} and {hmac} for strings, or set challenge_reply_type to text.");
    }
}

bool has_nulls(const Row& row) {
    for (const char* column : {"algorithm", "encoding", "separator", "prefix", "timestamp_prefix", "timestamp_unit",
                               "signed_content", "kept_headers", "challenge_reply_type"}) {
        if (row.text(column) == nullptr) {
            return true;
        }
    }
    return false;
}

void check_scheme(const Row& row) {
    if (has_nulls(row)) {
        return; // the NOT NULL constraints say so
    }
    check_items(row.text("separator"), row.text("prefix"), row.text("timestamp_prefix"));
    check_signature(row);
    check_timestamp(row);
    check_id(row);
    check_kept_headers(row);
    check_challenge(row);
}

} // namespace

HELIX_FUNCTION(helix_check_webhook_scheme) {
    const auto row = pg::new_row(pg::checked_trigger(fcinfo, rule));
    check_scheme(row);
    return PointerGetDatum(row.tuple);
}

} // namespace helix::webhooks
