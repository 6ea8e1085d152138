// Owns: the place in a JSON array that is being read, and how errors name it. Any feature may use it.
#pragma once

#include "pg/guard.hpp"

namespace helix::pg {

// Plain data. `field` is empty where the element as a whole is meant.
struct JsonPlace {
    int element = 0; // from 0
    std::string_view field;
};

// An error's detail with the place before it; null and "" are no detail. In the current memory context.
inline char* detail_at(const JsonPlace& place, const char* detail) {
    const int length = static_cast<int>(place.field.size());
    const char* field = length == 0 ? "" : psprintf(", field \"%.*s\"", length, place.field.data());
    const bool has_detail = detail != nullptr && *detail != '\0';
    return has_detail ? psprintf("In element %d%s: %s", place.element, field, detail)
                      : psprintf("In element %d%s.", place.element, field);
}

// The error with the place in its detail.
inline ErrorData* located(ErrorData* error, const JsonPlace& place) {
    error->detail = detail_at(place, error->detail);
    return error;
}
inline Error located(Error error, const JsonPlace& place) {
    error.detail = call([&error, &place] { return detail_at(place, error.detail.c_str()); });
    return error;
}

} // namespace helix::pg
