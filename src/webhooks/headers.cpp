// Looks for a sender's headers, and keeps those that a scheme names.
#include "pg/prelude.hpp"

#include "webhooks/headers.hpp"

#include "core/characters.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/array.h"
}

namespace helix::webhooks {

namespace {

constexpr std::size_t longest_name = 100;
constexpr int longest_value = 1000; // characters

} // namespace

std::string_view header(const Jsonb* headers, const char* name) {
    if (headers == nullptr || name == nullptr) {
        return {};
    }
    const auto name_length = strlen(name);
    JsonbIterator* at = JsonbIteratorInit(const_cast<JsonbContainer*>(&headers->root));
    JsonbValue value;
    bool ours = false;
    for (auto token = JsonbIteratorNext(&at, &value, true); token != WJB_DONE;
         token = JsonbIteratorNext(&at, &value, true)) {
        if (token == WJB_KEY) {
            ours = value.val.string.len == static_cast<int>(name_length) &&
                   pg_strncasecmp(value.val.string.val, name, name_length) == 0;
        } else if (token == WJB_VALUE && ours && value.type == jbvString) {
            return {value.val.string.val, static_cast<std::size_t>(value.val.string.len)};
        }
    }
    return {};
}

KeptNames read_kept_names(Datum names) {
    Datum* values = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    KeptNames kept{};
    ArrayType* array = DatumGetArrayTypeP(names);
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
    if (count > most_kept_headers || ARR_NDIM(array) > 1) {
        return {-1, {}};
    }
    for (; kept.count < count; ++kept.count) {
        const auto name = nulls[kept.count] ? std::string_view() : pg::text_view(values[kept.count]);
        const bool right =
            !name.empty() && name.size() <= longest_name &&
            std::all_of(name.begin(), name.end(), [](char c) { return is_small_letter(c) || is_digit(c) || c == '-'; });
        if (!right) {
            return {-1, {}};
        }
        kept.names[kept.count] = name;
    }
    return kept;
}

Datum kept_headers(const Jsonb* headers, Datum names) {
    const KeptNames kept = names == 0 ? KeptNames{} : read_kept_names(names);
    JsonbParseState* state = nullptr;
    const auto push = [&](JsonbIteratorToken token, std::string_view text) {
        JsonbValue value;
        value.type = jbvString;
        value.val.string.val = const_cast<char*>(text.data());
        value.val.string.len = static_cast<int>(text.size());
        return pushJsonbValue(&state, token, &value);
    };
    bool any = false;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    for (int i = 0; i < kept.count; ++i) {
        const auto found = header(headers, pnstrdup(kept.names[i].data(), kept.names[i].size()));
        const bool fits = pg_mbstrlen_with_len(found.data(), static_cast<int>(found.size())) <= longest_value;
        if (!found.empty() && fits) {
            push(WJB_KEY, kept.names[i]);
            push(WJB_VALUE, found);
            any = true;
        }
    }
    JsonbValue* object = pushJsonbValue(&state, WJB_END_OBJECT, nullptr);
    return any ? JsonbPGetDatum(JsonbValueToJsonb(object)) : 0;
}

const Jsonb* request_headers() {
    const char* setting = GetConfigOption("request.headers", true, false);
    if (setting == nullptr || *setting == '\0') {
        return nullptr;
    }
    Jsonb* headers = nullptr;
    pg::try_in_subtransaction(
        [&] { headers = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(setting))); },
        pg::OnError::nothing);
    return headers != nullptr && JB_ROOT_IS_OBJECT(headers) ? headers : nullptr;
}

} // namespace helix::webhooks
