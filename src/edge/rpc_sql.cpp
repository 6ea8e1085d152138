// SQL of calls, with every name qualified. Names and types are the catalog's, not the caller's.
#include "edge/rpc_sql.hpp"

namespace helix::edge {

namespace {

// Read once the function has ended: it may have set them.
constexpr std::string_view told_by_function = ", pg_catalog.current_setting('response.status', true),"
                                              " pg_catalog.current_setting('response.headers', true)";

std::string quoted(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) {
        text.append(c == '"' ? 2 : 1, c);
    }
    return text + "\"";
}

// `from` is what the arguments come from, empty for nothing. OFFSET 0 keeps the call within its own level, which ends
// before the settings are read.
std::string sql_of(const Function& function, const std::string& call, const std::string& from) {
    const std::string told(told_by_function);
    const std::string comma = from.empty() ? "" : ", LATERAL ";
    if (function.returns == Function::Returns::row && function.is_set) {
        return "SELECT coalesce(pg_catalog.json_agg(edge_row), '[]')::pg_catalog.text" + told +
               ", pg_catalog.count(*) FROM " + from + comma + call + " AS edge_row";
    }
    if (function.is_set) {
        return "SELECT coalesce(pg_catalog.json_agg(edge_row.value), '[]')::pg_catalog.text" + told +
               ", pg_catalog.count(*) FROM " + from + comma + call + " AS edge_row (value)";
    }
    if (function.returns == Function::Returns::row) {
        return "SELECT pg_catalog.row_to_json(edge_row)::pg_catalog.text" + told + ", 1 FROM " + from + comma + call +
               " AS edge_row";
    }
    const bool is_void = function.returns == Function::Returns::nothing;
    return std::string("SELECT ") + (is_void ? "c.value" : "pg_catalog.to_json(c.value)") + "::pg_catalog.text" + told +
           ", 1 FROM (SELECT " + call + " AS value" + (from.empty() ? "" : " FROM " + from) + " OFFSET 0) c";
}

std::string call_of(const Function& function, const std::string& arguments) {
    return "helix." + quoted(function.name) + "(" + arguments + ")";
}

} // namespace

std::string sql_with_json(const Function& function, const std::vector<std::string_view>& names) {
    std::string arguments;
    std::string columns;
    for (const std::string_view name : names) {
        const std::string comma = columns.empty() ? "" : ", ";
        arguments += comma + quoted(name) + " => b." + quoted(name);
        columns += comma + quoted(name) + " " + function.parameter(name)->type;
    }
    const std::string from =
        names.empty() ? "" : "pg_catalog.json_to_record($1::pg_catalog.json) AS b(" + columns + ")";
    return sql_of(function, call_of(function, arguments), from);
}

std::string sql_with_texts(const Function& function, const std::vector<std::string_view>& names) {
    std::string arguments;
    int number = 0;
    for (const std::string_view name : names) {
        arguments += arguments.empty() ? "" : ", ";
        arguments += quoted(name) + " => $" + std::to_string(++number) + "::" + function.parameter(name)->type;
    }
    return sql_of(function, call_of(function, arguments), {});
}

std::string sql_with_body(const Function& function) {
    return sql_of(function, call_of(function, "$1::" + function.parameters[0].type), {});
}

} // namespace helix::edge
