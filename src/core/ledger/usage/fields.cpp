// Finds fields, and reads counts, amounts and texts from them.
#include "core/ledger/usage/fields.hpp"

#include "core/characters.hpp"
#include "core/error.hpp"
#include "core/error_text.hpp"

#include <algorithm>
#include <charconv>

namespace helix::usage {

namespace {

// A value as an error shows it; long texts are cut.
std::string shown(const Field& field) {
    constexpr std::size_t most_shown = 200;
    const auto cut = shorten_error(field.text, most_shown);
    const auto text = std::string(cut.kept) + std::string(cut.mark());
    return field.kind == FieldKind::string ? "\"" + text + "\"" : text;
}

bool is_all(std::string_view text, bool (*test)(char)) {
    return std::all_of(text.begin(), text.end(), test);
}

bool is_zero(char c) {
    return c == '0';
}

// Whether it is digits, with at most one point between them, and a sign where it is allowed.
bool is_decimal(std::string_view text, bool may_be_negative) {
    if (may_be_negative && text.starts_with('-')) {
        text.remove_prefix(1);
    }
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto fraction = point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
    return !whole.empty() && !fraction.empty() && is_all(whole, is_digit) && is_all(fraction, is_digit);
}

bool is_whole(std::string_view decimal) {
    const auto point = decimal.find('.');
    return point == std::string_view::npos || is_all(decimal.substr(point + 1), is_zero);
}

// Texts are numbers too: exporters write counts of 64 bits so.
bool is_number_like(const Field& field) {
    return (field.kind == FieldKind::number || field.kind == FieldKind::string) && is_decimal(field.text, true);
}

[[noreturn]] void refuse_kind(const Field& field, const char* expected) {
    throw Error(sqlstate::invalid_parameter_value, std::string(field.path) + " is not " + expected,
                "It is " + shown(field) + ".", "Pass the object as its sender wrote it.");
}

[[noreturn]] void refuse_range(const Field& field, const char* hint) {
    throw Error(sqlstate::numeric_value_out_of_range, std::string(field.path) + " is out of range",
                "It is " + shown(field) + ".", hint);
}

} // namespace

std::optional<std::int64_t> whole_count(std::string_view text, std::int64_t max) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && rest == text.data() + text.size() && text.front() != '-') {
        return value <= max ? std::optional(value) : std::nullopt; // digits alone, as nearly all are
    }
    if (!is_decimal(text, false) || !is_whole(text)) {
        return std::nullopt;
    }
    value = 0;
    for (const char digit : text.substr(0, text.find('.'))) {
        value = value * 10 + (digit - '0');
        if (value > max) {
            return std::nullopt;
        }
    }
    return value;
}

Fields::Fields(std::span<const Field> fields) : fields_(fields) {
    if (fields.size() > max_fields) {
        throw Error(sqlstate::invalid_parameter_value, "usage has too many fields",
                    "It has " + std::to_string(fields.size()) + ".",
                    "At most " + std::to_string(max_fields) + " are read: pass the usage object alone.");
    }
}

const Field* Object::find(std::string_view name) const {
    for (const Field& field : fields_->all()) {
        if (field.path.size() == place_.size() + name.size() && field.path.ends_with(name) &&
            field.path.starts_with(place_)) {
            return &field;
        }
    }
    return nullptr;
}

const Field* Object::find_given(std::initializer_list<std::string_view> some) {
    for (const auto one : some) {
        const Field* field = find(one);
        if (field == nullptr) {
            continue;
        }
        if (field->kind != FieldKind::null) {
            return field;
        }
        mark(*field);
    }
    return nullptr;
}

void Object::mark(const Field& field) {
    fields_->mark(static_cast<std::size_t>(&field - fields_->all().data()));
}

bool Object::names(std::string_view name) const {
    return find(name) != nullptr;
}

bool Object::names_any(std::initializer_list<std::string_view> some) const {
    return std::any_of(some.begin(), some.end(), [this](auto name) { return names(name); });
}

bool Object::is_number(std::string_view name) const {
    const Field* field = find(name);
    return field != nullptr && is_number_like(*field);
}

bool Object::holds(std::string_view name) const {
    const auto start = place_.size() + name.size();
    return std::any_of(fields_->all().begin(), fields_->all().end(), [&](const Field& field) {
        return field.path.size() > start && field.path[start] == '.' && field.path.starts_with(place_) &&
               field.path.substr(place_.size()).starts_with(name);
    });
}

Count Object::count(std::initializer_list<std::string_view> some) {
    const Field* field = find_given(some);
    if (field == nullptr) {
        return {};
    }
    const bool may_be = field->kind == FieldKind::number || field->kind == FieldKind::string;
    const auto value = may_be ? whole_count(field->text) : std::nullopt;
    if (!value && (!is_number_like(*field) || !is_whole(field->text))) {
        refuse_kind(*field, "a whole number");
    }
    if (!value) {
        refuse_range(*field, "Counts are 0 to 1000000000.");
    }
    mark(*field);
    return {field->path.substr(place_.size()), *value, true};
}

Count Object::rounded_count(std::string_view name) {
    const Field* field = find_given({name});
    if (field == nullptr) {
        return {};
    }
    if (!is_number_like(*field)) {
        refuse_kind(*field, "a number");
    }
    const auto point = std::min(field->text.find('.'), field->text.size());
    auto value = whole_count(field->text.substr(0, point));
    if (value && point + 1 < field->text.size() && field->text[point + 1] >= '5') {
        value = *value < max_count ? std::optional(*value + 1) : std::nullopt;
    }
    if (!value) {
        refuse_range(*field, "It is 0 to 1000000000.");
    }
    if (is_whole(field->text)) {
        mark(*field);
    }
    return {field->path.substr(place_.size()), *value, true};
}

bool Object::is_true(std::string_view name) const {
    const Field* field = find(name);
    return field != nullptr && field->kind == FieldKind::boolean && field->text == "true";
}

std::optional<std::string_view> Object::amount(std::initializer_list<std::string_view> some) {
    const Field* field = find_given(some);
    if (field == nullptr) {
        return std::nullopt;
    }
    if (!is_number_like(*field)) {
        refuse_kind(*field, "an amount in USD");
    }
    if (field->text.starts_with('-')) {
        refuse_range(*field, "A reported cost is at least 0.");
    }
    mark(*field);
    return field->text;
}

std::string_view Object::text(std::initializer_list<std::string_view> some) {
    for (const auto name : some) {
        const Field* field = find(name);
        if (field != nullptr && field->kind == FieldKind::string && !field->text.empty()) {
            mark(*field);
            return field->text;
        }
    }
    return {};
}

std::vector<std::string_view> Object::below(std::string_view name) const {
    std::vector<std::string_view> names;
    const auto start = place_.size() + name.size();
    for (const Field& field : fields_->all()) {
        const auto& path = field.path;
        if (path.size() > start && path.starts_with(place_) && path.substr(place_.size()).starts_with(name) &&
            (name.empty() || path[start] == '.')) {
            names.push_back(path.substr(place_.size()));
        }
    }
    return names;
}

void Object::pass(std::initializer_list<std::string_view> some) {
    for (const auto name : some) {
        count(name);
    }
}

} // namespace helix::usage
