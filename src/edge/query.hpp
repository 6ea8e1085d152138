// Owns: the query of an address: its names and values, and percent encoding. It knows no socket, so it is fuzzed as it
// is. What reads addresses uses it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helix::edge {

struct QueryField {
    std::string name;
    std::string value;
};

// Nothing where a percent sign is not followed by two hexadecimal digits, or stands for a NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank);

// The fields in order; a name may come again. Nothing where the encoding is malformed.
std::optional<std::vector<QueryField>> query_fields(std::string_view query);

} // namespace helix::edge
