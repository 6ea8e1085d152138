// Reads the fields of forms and queries.
#include "core/webhooks/form_fields.hpp"

#include "core/hex.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace helix {

namespace {

using Field = std::pair<std::string, std::string>;

// A % that no two digits follow stands for itself.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high < 0 ? -1 : hex_value(text[i + 2]);
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

// Takes the first field off `form`, and returns it as it is written.
std::string_view next_field(std::string_view& form) {
    const auto end = std::min(form.find('&'), form.size());
    const auto field = form.substr(0, end);
    form.remove_prefix(std::min(end + 1, form.size()));
    return field;
}

Field read_field(std::string_view written) {
    const auto end = std::min(written.find('='), written.size());
    return {decoded(written.substr(0, end)), decoded(written.substr(std::min(end + 1, written.size())))};
}

} // namespace

std::optional<std::string> sorted_form_fields(std::string_view form) {
    std::vector<Field> fields;
    while (!form.empty()) {
        const auto written = next_field(form);
        if (written.empty()) {
            continue;
        }
        if (fields.size() == most_form_fields) {
            return std::nullopt;
        }
        fields.push_back(read_field(written));
    }
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    std::string text;
    for (const auto& [name, value] : fields) {
        text += name;
        text += value;
    }
    return text;
}

std::optional<std::string> form_field(std::string_view form, std::string_view name) {
    while (!form.empty()) {
        auto field = read_field(next_field(form));
        if (field.first == name) {
            return std::move(field.second);
        }
    }
    return std::nullopt;
}

} // namespace helix
