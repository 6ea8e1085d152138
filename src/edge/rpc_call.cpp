// Reads a call as PostgREST does. Arguments of a POST are one JSON object, which the server takes apart: so numbers
// keep every digit. Those of a GET are texts.
#include "edge/rpc_call.hpp"

#include "core/json_parts.hpp"
#include "core/plain_json.hpp"
#include "core/text_parts.hpp"
#include "edge/query.hpp"
#include "edge/refusal.hpp"

#include <algorithm>

namespace helix::edge {

namespace {

[[noreturn]] void refuse_json() {
    throw Refusal(400, "PGRST102", "Empty or invalid json", "The body is not one JSON object.",
                  "Send the parameters by name: {\"p_user_id\": …}.");
}

bool is_of_schema(const Request& request) {
    const auto is_known = [](std::string_view profile) { return profile.empty() || profile == "helix"; };
    return is_known(request.header("content-profile")) && is_known(request.header("accept-profile"));
}

// Whether a media type is among those of a list, with parameters or without.
bool names_type(std::string_view list, std::string_view type) {
    while (!list.empty()) {
        auto item = take_part(list, ",");
        if (trimmed(take_part(item, ";")) == type) {
            return true;
        }
    }
    return false;
}

// What the headers say of the answer.
struct Wishes {
    bool json;
    bool one;
    bool count;
};

Wishes wishes_of(const Request& request) {
    const auto accept = request.header("accept");
    return {.json = accept.empty() || names_type(accept, "*/*") || names_type(accept, "application/json") ||
                    names_type(accept, "application/*"),
            .one = names_type(accept, "application/vnd.pgrst.object+json"),
            .count = request.header("prefer").find("count=exact") != std::string_view::npos};
}

void check(const Request& request, const Wishes& wishes) {
    if (!is_of_schema(request)) {
        throw Refusal(406, "PGRST106", "The schema must be one of the following: helix");
    }
    if (!wishes.json && !wishes.one) {
        throw Refusal(406, "PGRST107",
                      "None of these media types are available: " + std::string(request.header("accept")), {},
                      "Accept application/json.");
    }
}

std::vector<QueryField> fields_of(std::string_view query) {
    auto fields = query_fields(query);
    if (!fields) {
        throw Refusal(400, "PGRST100", "the query of the address is malformed");
    }
    return *fields;
}

// What the address says of the shape is taken off its fields.
Shape take_shapes(std::vector<QueryField>& fields) {
    Shape shape;
    std::erase_if(fields, [&](const QueryField& field) { return take_shape(field, shape); });
    return shape;
}

// Names of arguments, each once. Nobody waits while many are compared: no function of PostgreSQL takes so many.
class Names {
  public:
    explicit Names(std::string_view function) : function_(function) {}

    // Its place.
    std::size_t add(std::string_view name) {
        constexpr std::size_t most = 100;
        const auto place = static_cast<std::size_t>(std::ranges::find(all_, name) - all_.begin());
        if (place == most) {
            throw Refusal(404, "PGRST202",
                          "Could not find the function helix." + std::string(function_) + " in the schema cache",
                          "The call has more than " + std::to_string(most) + " arguments. No function takes so many.");
        }
        if (place == all_.size()) {
            all_.push_back(name);
        }
        return place;
    }

    const std::vector<std::string_view>& all() const { return all_; }

  private:
    std::string_view function_;
    std::vector<std::string_view> all_;
};

void choose(RpcCall& call, std::string_view name, const Names& names, const Candidates& candidates) {
    call.function = chosen(candidates, name, names.all());
    call.arguments.reserve(names.all().size());
    for (const std::string_view argument : names.all()) {
        call.arguments.push_back(call.function->parameter(argument));
    }
}

// Of fields with one name the last counts.
void read_fields(RpcCall& call, std::string_view name, const std::vector<QueryField>& fields,
                 const Candidates& candidates) {
    Names names(name);
    std::vector<std::string_view> values;
    for (const QueryField& field : fields) {
        const std::size_t place = names.add(field.name);
        values.resize(names.all().size());
        values[place] = field.value;
    }
    choose(call, name, names, candidates);
    call.form = RpcCall::Form::texts;
    for (const std::string_view value : values) {
        call.parameters.push_back(Parameter::text(std::string(value)));
    }
}

void add_members(Names& names, std::string_view object) {
    if (PlainObject plain; plain.read(object)) {
        for (const PlainMember& member : plain) {
            names.add(member.name);
        }
        return;
    }
    const auto members = json_members(object);
    if (!members) {
        refuse_json();
    }
    for (const JsonMember& member : *members) {
        names.add(member.name);
    }
}

void read_json(RpcCall& call, std::string_view name, std::string_view sent, const Candidates& candidates) {
    std::string_view body = trimmed(sent);
    const bool is_object = body.starts_with('{');
    if (body.empty()) {
        body = "{}";
    } else if (!is_object || body.find('\0') != std::string_view::npos) {
        refuse_json();
    }
    Names names(name);
    add_members(names, body);
    choose(call, name, names, candidates);
    call.form = RpcCall::Form::json;
    if (!names.all().empty()) {
        call.parameters.push_back(Parameter::text(std::string(body)));
    }
}

void read_body(RpcCall& call, std::string_view name, const std::string& body, const Candidates& candidates,
               std::string_view type) {
    call.function = chosen_for_body(candidates, name, type);
    call.form = RpcCall::Form::body;
    call.parameters.push_back(Parameter::bytes(body));
}

bool has_json_body_form(const Candidates& candidates) {
    return std::ranges::any_of(candidates, [](const auto& candidate) { return candidate->takes_body("json"); });
}

// Filters are not understood here, and nothing is silently ignored.
void check_no_fields(const std::vector<QueryField>& fields) {
    if (!fields.empty()) {
        throw Refusal(400, "PGRST100", "\"" + fields[0].name + "\" in the address is not understood",
                      "A call by POST takes its arguments from the body, and results are not filtered here.",
                      "Filter them where they arrive, or use PostgREST.");
    }
}

void read_post(RpcCall& call, std::string_view name, const Request& request, const Candidates& candidates) {
    const auto content = request.header("content-type");
    if (names_type(content, "application/octet-stream")) {
        read_body(call, name, request.body, candidates, "bytea");
    } else if (names_type(content, "text/plain")) {
        read_body(call, name, request.body, candidates, "text");
    } else if (names_type(content, "application/x-www-form-urlencoded")) {
        read_fields(call, name, fields_of(request.body), candidates);
    } else if (!content.empty() && !names_type(content, "application/json")) {
        throw Refusal(415, "PGRST102", "Content-Type not acceptable: " + std::string(content), {},
                      "Send application/json.");
    } else if (has_json_body_form(candidates)) {
        read_body(call, name, request.body, candidates, "json");
    } else {
        read_json(call, name, request.body, candidates);
    }
}

void check_shape(const RpcCall& call) {
    if (!call.shape.is_plain() && call.function->returns != Function::Returns::row) {
        throw Refusal(400, "PGRST100", "the function returns no rows, so that they have no columns",
                      "select, order, limit and offset are for rows.");
    }
}

} // namespace

std::string RpcCall::sql() const {
    switch (form) {
    case Form::texts:
        return sql_with_texts(*function, arguments, shape);
    case Form::body:
        return sql_with_body(*function, shape);
    case Form::json:
        break;
    }
    return sql_with_json(*function, arguments, shape);
}

bool is_plain_call(const Request& request) {
    auto parameters = request.header("content-type");
    const auto type = trimmed(take_part(parameters, ";"));
    const bool is_json = type == "application/json" && parameters.find(',') == std::string_view::npos;
    const Wishes wishes = wishes_of(request);
    return request.method == "POST" && request.query.empty() && is_json && wishes.json && !wishes.one &&
           !wishes.count && is_of_schema(request);
}

RpcCall read_call(const Request& request, std::string_view name, const Candidates& candidates) {
    const Wishes wishes = wishes_of(request);
    check(request, wishes);
    const bool is_post = request.method == "POST";
    auto fields = fields_of(request.query);
    RpcCall call;
    call.shape = take_shapes(fields);
    call.shape.one = wishes.one;
    call.wants_one = wishes.one;
    call.counts = wishes.count;
    if (is_post) {
        check_no_fields(fields);
        read_post(call, name, request, candidates);
    } else {
        read_fields(call, name, fields, candidates);
    }
    check_shape(call);
    call.read_only = !is_post || call.function->only_reads;
    return call;
}

} // namespace helix::edge
