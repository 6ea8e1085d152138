#include "core/json.hpp"

#include "core/hex.hpp"

namespace helix {

void append_json_quoted(std::string& json, std::string_view text) {
    json += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (byte < 0x20) {
            json += "\\u00";
            append_hex(json, byte);
        } else {
            json += c;
        }
    }
    json += '"';
}

} // namespace helix
