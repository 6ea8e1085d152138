// helix.hmac_verify and helix.verify_webhook_signature: verifying without a schedule.
#include "pg/prelude.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/values.hpp"
#include "secrets/secrets.hpp"
#include "webhooks/message.hpp"
#include "webhooks/secret_check.hpp"

namespace helix::webhooks {

namespace {

// Hexadecimal digits and base64 of a code differ in length.
Mac claimed_mac(Hash hash, std::string_view signature) {
    const bool hex = signature.size() == 2 * hash_size(hash);
    Mac mac;
    const auto size = decode(hex ? Encoding::hex : Encoding::base64, signature, mac.bytes);
    mac.size = size.value_or(0);
    return mac;
}

bool hmac_verify(std::string_view payload, std::string_view signature, std::string_view key,
                 std::string_view algorithm) {
    const auto hash = parse_hash(algorithm);
    if (!hash) {
        throw Error(sqlstate::invalid_parameter_value, "unknown algorithm", "It is \"" + std::string(algorithm) + "\".",
                    "Use sha1, sha256 or sha512.");
    }
    if (key.empty()) {
        throw Error(sqlstate::invalid_parameter_value, "the key is empty", {},
                    "Give the key that the sender signs with.");
    }
    return equal(hmac(*hash, key, std::span(&payload, 1)), claimed_mac(*hash, signature));
}

const Jsonb* headers_argument(FunctionCallInfo fcinfo, int number) {
    const Jsonb* headers = PG_ARGISNULL(number) ? nullptr : PG_GETARG_JSONB_P(number);
    if (headers != nullptr && !JB_ROOT_IS_OBJECT(headers)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("p_headers is not an object"),
                        errhint("Give {\"header-name\": \"value\", …}.")));
    }
    return headers;
}

struct HmacArgument {
    enum : int { payload, signature, key, algorithm };
};

struct VerifyArgument {
    enum : int { payload, signature, secret_ref, scheme, headers, url };
};

} // namespace

HELIX_FUNCTION(helix_hmac_verify) {
    const auto view = [fcinfo](int number) { return pg::text_view(PG_GETARG_DATUM(number)); };
    PG_RETURN_BOOL(hmac_verify(view(HmacArgument::payload), view(HmacArgument::signature), view(HmacArgument::key),
                               view(HmacArgument::algorithm)));
}

HELIX_FUNCTION(helix_verify_webhook_signature) {
    const auto payload = pg::text_view(pg::required(fcinfo, VerifyArgument::payload, "p_payload"));
    const char* references[2] = {TextDatumGetCString(pg::required(fcinfo, VerifyArgument::secret_ref, "p_secret_ref")),
                                 nullptr};
    const Datum scheme_name = pg::required(fcinfo, VerifyArgument::scheme, "p_scheme");
    const Jsonb* headers = headers_argument(fcinfo, VerifyArgument::headers);
    secrets::check_reference(references[0]);
    pg::OwnerSpi spi;
    const auto scheme = find_scheme(scheme_name);
    const auto view = [fcinfo](int number) {
        return PG_ARGISNULL(number) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(number));
    };
    const auto message =
        read_message(scheme, payload, view(VerifyArgument::signature), headers, view(VerifyArgument::url));
    const auto checked = check(scheme, message, references, {});
    if (!checked.has_secret) {
        throw Error(sqlstate::secret_unavailable, "secret unavailable", checked.reason,
                    "See that the server can read it.");
    }
    spi.finish();
    PG_RETURN_BOOL(checked.verified());
}

} // namespace helix::webhooks
