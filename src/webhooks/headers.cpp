#include "pg/prelude.hpp"

#include "webhooks/headers.hpp"

#include "pg/subtransaction.hpp"

#include <cstring>

namespace helix::webhooks {

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
