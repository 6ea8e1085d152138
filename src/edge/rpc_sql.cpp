// SQL of calls, with every name qualified. Names and types are the catalog's. Of what the caller sends, only names that
// shape.cpp has checked and quoted get into the text.
#include "edge/rpc_sql.hpp"

namespace helix::edge {

namespace {

// Read once the function has ended: it may have set them.
constexpr std::string_view told_by_function = ", pg_catalog.current_setting('response.status', true),"
                                              " pg_catalog.current_setting('response.headers', true)";

// The number of rows. Where exactly one is wanted, another number is an error, which undoes the call.
std::string count_of(const Shape& shape) {
    if (!shape.one) {
        return ", pg_catalog.count(*)";
    }
    return ", CASE WHEN pg_catalog.count(*) = 1 THEN '1' ELSE pg_catalog.current_setting('" + std::string(rows_are) +
           "' || pg_catalog.count(*)) END";
}

// The rows as the caller wants them.
std::string shaped(const std::string& rows, const Shape& shape) {
    if (shape.is_plain()) {
        return rows;
    }
    const std::string name(row_name);
    return "(SELECT " + (shape.columns.empty() ? name + ".*" : shape.columns) + " FROM " + rows +
           (shape.order.empty() ? "" : " ORDER BY " + shape.order) +
           (shape.limit.empty() ? "" : " LIMIT " + shape.limit) +
           (shape.offset.empty() ? "" : " OFFSET " + shape.offset) + ") " + name;
}

// `from` is what the arguments come from, empty for nothing. OFFSET 0 keeps the call within its own level, which ends
// before the settings are read.
std::string sql_of(const Function& function, const std::string& call, const std::string& from, const Shape& shape) {
    const std::string told(told_by_function);
    const std::string name(row_name);
    const std::string rows = from + (from.empty() ? "" : ", LATERAL ") + call + " AS " + name;
    if (function.returns == Function::Returns::row && function.is_set) {
        return "SELECT coalesce(pg_catalog.json_agg(" + name + "), '[]')::pg_catalog.text" + told + count_of(shape) +
               " FROM " + shaped(rows, shape);
    }
    if (function.is_set) {
        return "SELECT coalesce(pg_catalog.json_agg(" + name + ".value), '[]')::pg_catalog.text" + told +
               count_of(shape) + " FROM " + shaped(rows + " (value)", shape);
    }
    if (function.returns == Function::Returns::row) {
        return "SELECT pg_catalog.row_to_json(" + name + ")::pg_catalog.text" + told + ", 1 FROM " +
               shaped(rows, shape);
    }
    const bool is_void = function.returns == Function::Returns::nothing;
    return std::string("SELECT ") + (is_void ? "c.value" : "pg_catalog.to_json(c.value)") + "::pg_catalog.text" + told +
           ", 1 FROM (SELECT " + call + " AS value" + (from.empty() ? "" : " FROM " + from) + " OFFSET 0) c";
}

std::string call_of(const Function& function, const std::string& arguments) {
    return "helix." + quoted_name(function.name) + "(" + arguments + ")";
}

} // namespace

std::string sql_with_json(const Function& function, const Arguments& arguments, const Shape& shape) {
    std::string passed;
    std::string columns;
    for (const FunctionParameter* argument : arguments) {
        const std::string_view comma = columns.empty() ? "" : ", ";
        const std::string name = quoted_name(argument->name);
        passed.append(comma).append(name).append(" => b.").append(name);
        columns.append(comma).append(name).append(" ").append(argument->type);
    }
    const std::string from =
        arguments.empty() ? "" : "pg_catalog.json_to_record($1::pg_catalog.json) AS b(" + columns + ")";
    return sql_of(function, call_of(function, passed), from, shape);
}

std::string sql_with_texts(const Function& function, const Arguments& arguments, const Shape& shape) {
    std::string passed;
    int number = 0;
    for (const FunctionParameter* argument : arguments) {
        passed += passed.empty() ? "" : ", ";
        passed += quoted_name(argument->name) + " => $" + std::to_string(++number) + "::" + argument->type;
    }
    return sql_of(function, call_of(function, passed), {}, shape);
}

std::string sql_with_body(const Function& function, const Shape& shape) {
    return sql_of(function, call_of(function, "$1::" + function.parameters[0].type), {}, shape);
}

} // namespace helix::edge
