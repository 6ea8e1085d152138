// Reads a call as PostgREST does. Arguments of a POST are one JSON object, which the server takes apart: so numbers
// keep every digit. Those of a GET are texts.
#include "edge/rpc_call.hpp"

#include "core/json_parts.hpp"
#include "edge/json_text.hpp"
#include "edge/query.hpp"
#include "edge/refusal.hpp"
#include "edge/rpc_sql.hpp"

#include <algorithm>
#include <array>

namespace helix::edge {

namespace {

// What PostgREST reads as filters of a result. Nothing of it is silently ignored here.
constexpr std::array<std::string_view, 8> filter_words = {"select", "order",       "limit", "offset",
                                                          "and",    "on_conflict", "or",    "columns"};

[[noreturn]] void refuse_json() {
    throw Refusal(400, "PGRST102", "Empty or invalid json", "The body is not one JSON object.",
                  "Send the parameters by name: {\"p_user_id\": …}.");
}

void check_profile(const Request& request) {
    for (const std::string_view name : {"content-profile", "accept-profile"}) {
        const auto profile = request.header(name);
        if (!profile.empty() && profile != "helix") {
            throw Refusal(406, "PGRST106", "The schema must be one of the following: helix");
        }
    }
}

// Whether a media type is among those of a list, with parameters or without.
bool names_type(std::string_view list, std::string_view type) {
    while (!list.empty()) {
        const auto end = list.find(',');
        const auto item = trimmed(list.substr(0, end));
        if (trimmed(item.substr(0, item.find(';'))) == type) {
            return true;
        }
        list = end == std::string_view::npos ? "" : list.substr(end + 1);
    }
    return false;
}

void read_accept(const Request& request, RpcCall& call) {
    const auto accept = request.header("accept");
    call.wants_one = names_type(accept, "application/vnd.pgrst.object+json");
    if (!accept.empty() && !call.wants_one && !names_type(accept, "*/*") && !names_type(accept, "application/*") &&
        !names_type(accept, "application/json")) {
        throw Refusal(406, "PGRST107", "None of these media types are available: " + std::string(accept), {},
                      "Accept application/json.");
    }
    call.counts = request.header("prefer").find("count=exact") != std::string_view::npos;
}

void refuse_filter(std::string_view name) {
    throw Refusal(400, "PGRST100", "\"" + std::string(name) + "\" is no parameter of the function",
                  "Results are not filtered here.", "Filter them where they arrive, or use PostgREST.");
}

std::vector<QueryField> fields_of(std::string_view query) {
    auto fields = query_fields(query);
    if (!fields) {
        throw Refusal(400, "PGRST100", "the query of the address is malformed");
    }
    return *fields;
}

// Of fields with one name the last counts.
RpcCall read_fields(std::string_view name, const std::vector<QueryField>& fields, const Candidates& candidates) {
    std::vector<std::string_view> names;
    std::vector<std::string_view> values;
    for (const QueryField& field : fields) {
        if (std::ranges::find(filter_words, field.name) != filter_words.end()) {
            refuse_filter(field.name);
        }
        const auto same = std::ranges::find(names, field.name);
        if (same != names.end()) {
            values[static_cast<std::size_t>(same - names.begin())] = field.value;
            continue;
        }
        names.push_back(field.name);
        values.push_back(field.value);
    }
    RpcCall call;
    call.function = chosen(candidates, name, names);
    call.sql = sql_with_texts(*call.function, names);
    for (const std::string_view value : values) {
        call.parameters.push_back(Parameter::text(std::string(value)));
    }
    return call;
}

RpcCall read_json(std::string_view name, const Request& request, const Candidates& candidates) {
    std::string_view body = trimmed(request.body);
    const bool is_object = body.starts_with('{');
    if (body.empty()) {
        body = "{}";
    } else if (!is_object || body.find('\0') != std::string_view::npos) {
        refuse_json();
    }
    const auto members = json_members(body);
    if (!members) {
        refuse_json();
    }
    std::vector<std::string_view> names;
    for (const JsonMember& member : *members) {
        if (std::ranges::find(names, member.name) == names.end()) {
            names.push_back(member.name);
        }
    }
    RpcCall call;
    call.function = chosen(candidates, name, names);
    call.sql = sql_with_json(*call.function, names);
    if (!names.empty()) {
        call.parameters.push_back(Parameter::text(std::string(body)));
    }
    return call;
}

RpcCall read_body(std::string_view name, const Request& request, const Candidates& candidates, std::string_view type) {
    RpcCall call;
    call.function = chosen_for_body(candidates, name, type);
    call.sql = sql_with_body(*call.function);
    call.parameters.push_back(Parameter::bytes(request.body));
    return call;
}

bool has_json_body_form(const Candidates& candidates) {
    return std::ranges::any_of(candidates, [](const auto& candidate) { return candidate->takes_body("json"); });
}

RpcCall read_post(std::string_view name, const Request& request, const Candidates& candidates) {
    const auto fields = fields_of(request.query);
    if (!fields.empty()) {
        refuse_filter(fields[0].name);
    }
    const auto content = request.header("content-type");
    if (names_type(content, "application/octet-stream")) {
        return read_body(name, request, candidates, "bytea");
    }
    if (names_type(content, "text/plain")) {
        return read_body(name, request, candidates, "text");
    }
    if (names_type(content, "application/x-www-form-urlencoded")) {
        return read_fields(name, fields_of(request.body), candidates);
    }
    if (!content.empty() && !names_type(content, "application/json")) {
        throw Refusal(415, "PGRST102", "Content-Type not acceptable: " + std::string(content), {},
                      "Send application/json.");
    }
    if (has_json_body_form(candidates)) {
        return read_body(name, request, candidates, "json");
    }
    return read_json(name, request, candidates);
}

} // namespace

RpcCall read_call(const Request& request, std::string_view name, const Candidates& candidates) {
    check_profile(request);
    RpcCall accepted;
    read_accept(request, accepted);
    const bool is_post = request.method == "POST";
    RpcCall call =
        is_post ? read_post(name, request, candidates) : read_fields(name, fields_of(request.query), candidates);
    call.wants_one = accepted.wants_one;
    call.counts = accepted.counts;
    call.read_only = !is_post || call.function->only_reads;
    return call;
}

} // namespace helix::edge
