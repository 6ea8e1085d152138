// Rows of helix.webhook_schemes as the core wants them, and the trigger that refuses what no signature can satisfy.
#include "pg/prelude.hpp"

#include "webhooks/scheme.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/trigger_check.hpp"
#include "pg/trigger_row.hpp"

#include <cstring>

namespace helix::webhooks {

namespace {

constexpr const char* tables[] = {"helix.webhook_schemes"};
constexpr pg::TriggerRule rule{.function = "check_webhook_scheme",
                               .timing = pg::Timing::before,
                               .row_events = pg::on_insert | pg::on_update,
                               .relations = tables};

pg::Statement select_scheme("SELECT " HELIX_SCHEME_COLUMNS " FROM helix.webhook_schemes c WHERE c.name = $1",
                            {TEXTOID});

// The places of HELIX_SCHEME_COLUMNS, from the first.
struct Column {
    enum : int {
        hash,
        encoding,
        separator,
        prefix,
        timestamp_prefix,
        signed_content,
        key_prefix,
        key_encoding,
        signature_header,
        timestamp_header,
        id_header
    };
};

const char* text_or_null(int number) {
    bool is_null = false;
    const Datum value = pg::column(0, number, &is_null);
    return is_null ? nullptr : TextDatumGetCString(value);
}

} // namespace

Scheme read_scheme(int first) {
    const auto view = [&](int offset) { return pg::text_view(pg::column(0, first + offset)); };
    Scheme scheme{};
    scheme.core.hash = parse_hash(view(Column::hash)).value_or(Hash::sha256); // the table's checks leave no other word
    scheme.core.encoding = parse_encoding(view(Column::encoding)).value_or(Encoding::hex);
    scheme.core.separator = view(Column::separator);
    scheme.core.prefix = view(Column::prefix);
    scheme.core.timestamp_prefix = view(Column::timestamp_prefix);
    scheme.core.signed_content = view(Column::signed_content);
    scheme.core.key_prefix = view(Column::key_prefix);
    scheme.core.key_encoding = parse_encoding(view(Column::key_encoding)).value_or(Encoding::raw);
    scheme.signature_header = text_or_null(first + Column::signature_header);
    scheme.timestamp_header = text_or_null(first + Column::timestamp_header);
    scheme.id_header = text_or_null(first + Column::id_header);
    return scheme;
}

Scheme find_scheme(Datum name) {
    if (select_scheme.execute(&name) == 0) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("unknown webhook scheme"),
                        errdetail("It is \"%s\".", TextDatumGetCString(name)),
                        errhint("helix.webhook_schemes lists the schemes; add a row for a new sender.")));
    }
    return read_scheme(1);
}

namespace {

void refuse(const char* message, const char* detail, const char* hint) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message), errdetail("%s", detail),
                    errhint("%s", hint)));
}

// Items that are never found whole.
void check_items(const char* separator, const char* prefix, const char* timestamp_prefix) {
    if (separator == nullptr || prefix == nullptr || timestamp_prefix == nullptr) {
        return; // the NOT NULL constraints say so
    }
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

// What no signature could ever satisfy.
void check_scheme(const pg::TriggerRow& row) {
    check_items(row.text("separator"), row.text("prefix"), row.text("timestamp_prefix"));
    const char* content = row.text("signed_content");
    if (content == nullptr) {
        return; // the NOT NULL constraint says so
    }
    check_signed_content(content);
    const std::string_view signed_content = content;
    const char* prefix = row.text("timestamp_prefix");
    const bool in_header = prefix != nullptr && *prefix != '\0';
    const bool has_timestamp = in_header || row.text("timestamp_header") != nullptr;
    const bool signs_timestamp = signed_content.find("{timestamp}") != std::string_view::npos;
    if (in_header && row.text("timestamp_header") != nullptr) {
        refuse("a scheme has its timestamp in one place", "Both timestamp_header and timestamp_prefix are set.",
               "Leave one of them out.");
    }
    if (signs_timestamp != has_timestamp) {
        refuse("a timestamp has to be read and signed, or neither",
               psprintf("signed_content is \"%s\", the timestamp is read from %s.", content,
                        has_timestamp ? "a header" : "nowhere"),
               "Set timestamp_header or timestamp_prefix where signed_content has {timestamp}, and nowhere else.");
    }
    const bool signs_id = signed_content.find("{id}") != std::string_view::npos;
    if (signs_id != (row.text("id_header") != nullptr)) {
        refuse(
            "an id has to be read and signed, or neither",
            psprintf("signed_content is \"%s\", the id is read from %s.", content, signs_id ? "nowhere" : "a header"),
            "Set id_header where signed_content has {id}, and nowhere else.");
    }
}

} // namespace

HELIX_FUNCTION(helix_check_webhook_scheme) {
    const auto row = pg::new_row(pg::checked_trigger(fcinfo, rule));
    check_scheme(row);
    return PointerGetDatum(row.tuple);
}

} // namespace helix::webhooks
