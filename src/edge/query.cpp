// Queries as forms encode them.
#include "edge/query.hpp"

#include "core/hex.hpp"
#include "core/text_parts.hpp"

namespace helix::edge {

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
    if (text.find('\0') != std::string_view::npos) { // as %00: no text of PostgreSQL has one
        return std::nullopt;
    }
    std::string result;
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (text[place] == '+' && plus_is_blank) {
            result += ' ';
        } else if (text[place] != '%') {
            result += text[place];
        } else {
            const int high = place + 2 < text.size() ? hex_value(text[place + 1]) : -1;
            const int low = place + 2 < text.size() ? hex_value(text[place + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                return std::nullopt;
            }
            result += static_cast<char>(high * 16 + low);
            place += 2;
        }
    }
    return result;
}

std::optional<std::vector<QueryField>> query_fields(std::string_view query) {
    std::vector<QueryField> fields;
    while (!query.empty()) {
        auto field = take_part(query, "&");
        if (field.empty()) {
            continue;
        }
        auto name = percent_decoded(take_part(field, "="), true);
        auto value = percent_decoded(field, true);
        if (!name || !value) {
            return std::nullopt;
        }
        fields.push_back({std::move(*name), std::move(*value)});
    }
    return fields;
}

} // namespace helix::edge
