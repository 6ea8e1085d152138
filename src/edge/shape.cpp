// PostgREST's select, order, limit and offset, for rows without embedding: names, aliases and casts.
#include "edge/shape.hpp"

#include "core/characters.hpp"
#include "core/numbers.hpp"
#include "core/text_parts.hpp"
#include "edge/refusal.hpp"

#include <algorithm>
#include <cstdint>

namespace helix::edge {

namespace {

constexpr std::size_t longest_name = 63;

[[noreturn]] void refuse(const QueryField& field) {
    throw Refusal(400, "PGRST100", "failed to parse " + field.name + " parameter (" + field.value + ")",
                  "Columns are names, with an alias or a cast; an order is a column, then asc or desc, nullsfirst or "
                  "nullslast.");
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_name &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

std::string column_of(std::string_view name) {
    return std::string(row_name) + "." + quoted_name(name);
}

// `column`, `alias:column`, `column::type`.
std::string selected(const QueryField& field, std::string_view item) {
    const auto cast = item.find("::");
    const std::string_view type = cast == std::string_view::npos ? std::string_view() : item.substr(cast + 2);
    item = item.substr(0, cast);
    const auto colon = item.find(':');
    const std::string_view alias = colon == std::string_view::npos ? item : item.substr(0, colon);
    const std::string_view column = colon == std::string_view::npos ? item : item.substr(colon + 1);
    if (!is_name(column) || !is_name(alias) || (cast != std::string_view::npos && !is_name(type))) {
        refuse(field);
    }
    return column_of(column) + (type.empty() ? "" : "::" + quoted_name(type)) + " AS " + quoted_name(alias);
}

std::string ordered(const QueryField& field, std::string_view item) {
    const std::string_view column = take_part(item, ".");
    std::string sql = column_of(column);
    while (!item.empty()) {
        const std::string_view word = take_part(item, ".");
        if (word == "asc" || word == "desc") {
            sql += word == "asc" ? " ASC" : " DESC";
        } else if (word == "nullsfirst" || word == "nullslast") {
            sql += word == "nullsfirst" ? " NULLS FIRST" : " NULLS LAST";
        } else {
            refuse(field);
        }
    }
    if (!is_name(column)) {
        refuse(field);
    }
    return sql;
}

std::string each(const QueryField& field, std::string (*sql_of)(const QueryField&, std::string_view)) {
    std::string sql;
    for (std::string_view rest = field.value; !rest.empty();) {
        sql += (sql.empty() ? "" : ", ") + sql_of(field, take_part(rest, ","));
    }
    return sql;
}

std::string number(const QueryField& field) {
    const auto value = whole_number<std::int64_t>(field.value);
    if (!value || *value < 0) {
        refuse(field);
    }
    return std::to_string(*value);
}

} // namespace

std::string quoted_name(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) {
        text.append(c == '"' ? 2 : 1, c);
    }
    return text + "\"";
}

bool take_shape(const QueryField& field, Shape& shape) {
    if (field.name == "select") {
        shape.columns = field.value == "*" ? "" : each(field, selected);
    } else if (field.name == "order") {
        shape.order = each(field, ordered);
    } else if (field.name == "limit") {
        shape.limit = number(field);
    } else if (field.name == "offset") {
        shape.offset = number(field);
    } else {
        return false;
    }
    return true;
}

} // namespace helix::edge
