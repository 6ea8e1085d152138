// helix_internal.usage_key(): a digest that stands for the long part of a key in the index of quarters.
#include "pg/prelude.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "lib/stringinfo.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"
}

namespace helix::ledger {

namespace {

// With its length, so that no two lists of texts are the same bytes.
void append_text(StringInfo bytes, text* value) {
    const auto length = static_cast<std::int32_t>(VARSIZE_ANY_EXHDR(value));
    appendBinaryStringInfo(bytes, reinterpret_cast<const char*>(&length), sizeof(length));
    appendBinaryStringInfo(bytes, VARDATA_ANY(value), length);
}

} // namespace

HELIX_FUNCTION(helix_usage_key) {
    struct Argument {
        enum : int { operation_id, provider, model, date };
    };
    StringInfoData bytes;
    initStringInfo(&bytes);
    appendBinaryStringInfoNT(&bytes, "\0\0\0\0", VARHDRSZ);
    for (const int part : {Argument::operation_id, Argument::provider, Argument::model}) {
        append_text(&bytes, PG_GETARG_TEXT_PP(part));
    }
    const DateADT date = PG_GETARG_DATEADT(Argument::date);
    appendBinaryStringInfo(&bytes, reinterpret_cast<const char*>(&date), sizeof(date));
    SET_VARSIZE(bytes.data, bytes.len);
    const bytea* digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(bytes.data)));
    auto* key = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    memcpy(key->data, VARDATA_ANY(digest), UUID_LEN);
    PG_RETURN_UUID_P(key);
}

} // namespace helix::ledger
