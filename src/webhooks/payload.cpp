// Turns a webhook's body into JSON, whatever its bytes are.
#include "pg/prelude.hpp"

#include "webhooks/payload.hpp"

#include "pg/base64.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"
#include "utils/jsonb.h"
}

namespace helix::webhooks {

namespace {

Datum jsonb_of(const char* json) {
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

// False where jsonb cannot hold it. Reading JSON takes no locks and holds no resources, so an error needs no
// subtransaction to be undone.
bool reads(const char* json, Datum* payload) {
    const MemoryContext memory = CurrentMemoryContext;
    volatile bool done = false;
    PG_TRY();
    {
        *payload = jsonb_of(json);
        done = true;
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(memory);
        const int category = ERRCODE_TO_CATEGORY(geterrcode());
        if (category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_PROGRAM_LIMIT_EXCEEDED &&
            category != ERRCODE_FEATURE_NOT_SUPPORTED) { // the last: characters that SQL_ASCII cannot be asked for
            PG_RE_THROW();
        }
        FlushErrorState();
    }
    PG_END_TRY();
    return done;
}

const char* as_string(const char* body) {
    StringInfoData json;
    initStringInfo(&json);
    escape_json(&json, body);
    return json.data;
}

const char* as_base64(std::string_view body) {
    return psprintf("{\"base64\": \"%s\"}", pg::base64_of(body));
}

} // namespace

bool is_text(std::string_view bytes) {
    return bytes.find('\0') == std::string_view::npos &&
           pg_verify_mbstr(GetDatabaseEncoding(), bytes.data(), static_cast<int>(bytes.size()), true);
}

bool is_json(const char* text) {
    Datum value = 0;
    return reads(text, &value);
}

Datum payload_of(std::string_view body) {
    if (!is_text(body)) {
        return jsonb_of(as_base64(body));
    }
    const char* terminated = pnstrdup(body.data(), body.size());
    Datum payload = 0;
    if (!reads(terminated, &payload)) {
        payload = jsonb_of(as_string(terminated));
    }
    return payload;
}

HELIX_FUNCTION(helix_webhook_payload) {
    bytea* body = PG_GETARG_BYTEA_PP(0);
    return payload_of({VARDATA_ANY(body), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(body))});
}

} // namespace helix::webhooks
