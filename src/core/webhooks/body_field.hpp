// Owns: reading one field of a body of JSON by its path, before anything is known of the body. Anyone may use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace helix {

// Throws Error 22023 unless `path` is names of fields with dots between them: payload.plainToken.
void check_body_path(std::string_view path);

// The text of a string, or a number, true or false as it is written. None where there is no such field, it is anything
// else, or the body is not JSON as far as it is read. Of fields with the same name the last counts, as in jsonb.
std::optional<std::string> body_field(std::string_view body, std::string_view path);

} // namespace helix
