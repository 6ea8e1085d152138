// Rows of helix.webhook_schemes as the core wants them.
#include "pg/prelude.hpp"

#include "webhooks/scheme.hpp"

#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace helix::webhooks {

namespace {

pg::Statement select_scheme("SELECT " HELIX_SCHEME_COLUMNS " FROM helix.webhook_schemes c WHERE c.name = $1",
                            {TEXTOID});

// The places of HELIX_SCHEME_COLUMNS, from the first.
struct Column {
    enum : int {
        algorithm,
        encoding,
        separator,
        prefix,
        timestamp_prefix,
        timestamp_unit,
        signed_content,
        key_prefix,
        key_encoding,
        signature_header,
        signature_path,
        timestamp_header,
        timestamp_path,
        id_header,
        id_path,
        delivery_header,
        delivery_path,
        kept_headers,
        challenge_in,
        challenge_field,
        challenge_value,
        challenge_token,
        challenge_verify,
        challenge_reply,
        challenge_reply_type,
        challenge_status
    };
};

// One row's columns. The table's checks leave no other words than those that are looked for.
class Columns {
  public:
    explicit Columns(int first) : first_(first) {}

    Datum value(int offset, bool* is_null) const { return pg::column(0, first_ + offset, is_null); }
    std::string_view view(int offset) const {
        bool is_null = false;
        const Datum found = value(offset, &is_null);
        return is_null ? std::string_view() : pg::text_view(found);
    }
    const char* text_or_null(int offset) const {
        bool is_null = false;
        const Datum found = value(offset, &is_null);
        return is_null ? nullptr : TextDatumGetCString(found);
    }
    Place place(int header, int path) const { return {text_or_null(header), text_or_null(path)}; }

  private:
    int first_;
};

WebhookScheme read_core(const Columns& row) {
    const auto algorithm = row.view(Column::algorithm);
    WebhookScheme core;
    core.signing = algorithm == "ed25519" ? Signing::ed25519 : algorithm == "token" ? Signing::token : Signing::hmac;
    core.hash = parse_hash(algorithm).value_or(Hash::sha256);
    core.encoding = parse_encoding(row.view(Column::encoding)).value_or(Encoding::hex);
    core.separator = row.view(Column::separator);
    core.prefix = row.view(Column::prefix);
    core.timestamp_prefix = row.view(Column::timestamp_prefix);
    core.timestamp_unit = row.view(Column::timestamp_unit) == "ms" ? TimeUnit::milliseconds : TimeUnit::seconds;
    core.signed_content = row.view(Column::signed_content);
    core.key_prefix = row.view(Column::key_prefix);
    core.key_encoding = parse_encoding(row.view(Column::key_encoding)).value_or(Encoding::raw);
    return core;
}

WebhookChallenge read_challenge(const Columns& row) {
    const auto place = row.view(Column::challenge_in);
    bool is_null = false;
    WebhookChallenge challenge;
    challenge.place = place == "body"    ? ChallengePlace::body
                      : place == "query" ? ChallengePlace::query
                                         : ChallengePlace::none;
    challenge.field = row.view(Column::challenge_field);
    challenge.value = row.view(Column::challenge_value);
    challenge.token = row.view(Column::challenge_token);
    challenge.verify = row.view(Column::challenge_verify);
    challenge.reply = row.view(Column::challenge_reply);
    challenge.reply_type = row.view(Column::challenge_reply_type) == "text" ? ReplyType::text : ReplyType::json;
    challenge.status = DatumGetInt16(row.value(Column::challenge_status, &is_null));
    return challenge;
}

} // namespace

Scheme read_scheme(int first) {
    const Columns row(first);
    bool is_null = false;
    Scheme scheme{};
    scheme.core = read_core(row);
    scheme.challenge = read_challenge(row);
    scheme.signature = row.place(Column::signature_header, Column::signature_path);
    scheme.timestamp = row.place(Column::timestamp_header, Column::timestamp_path);
    scheme.id = row.place(Column::id_header, Column::id_path);
    scheme.delivery = row.place(Column::delivery_header, Column::delivery_path);
    scheme.kept_headers = row.value(Column::kept_headers, &is_null);
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

} // namespace helix::webhooks
