// Owns: JSON objects of tokens and key sets, read strictly. Used within core/tokens/ only.
#pragma once

#include <jansson.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace helix {

struct FreeJson {
    void operator()(json_t* json) const { json_decref(json); }
};
using JsonObject = std::unique_ptr<json_t, FreeJson>;

// Null unless `text` is an object whose names are all different.
inline JsonObject parse_object(std::string_view text) {
    json_error_t ignored; // its text repeats what was sent
    JsonObject json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &ignored));
    return json_is_object(json.get()) ? std::move(json) : nullptr;
}

// A member that is text; nothing where there is none, or another value.
inline std::optional<std::string_view> text_member(const json_t* object, const char* name) {
    const json_t* value = json_object_get(object, name);
    return json_is_string(value) ? std::optional(std::string_view(json_string_value(value), json_string_length(value)))
                                 : std::nullopt;
}

} // namespace helix
