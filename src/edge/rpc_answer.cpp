// Statuses, headers and bodies as PostgREST gives them.
#include "edge/rpc_answer.hpp"

#include "core/characters.hpp"
#include "core/json_parts.hpp"
#include "core/numbers.hpp"
#include "core/text_parts.hpp"
#include "edge/json_text.hpp"
#include "edge/refusal.hpp"

#include <algorithm>

namespace helix::edge {

namespace {

[[noreturn]] void refuse_headers() {
    throw Refusal(500, "PGRST111", "response.headers is not a list of objects with one text each");
}

bool is_same_name(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](char left, char right) { return to_lower(left) == to_lower(right); });
}

// Where an answer ends, and its connection, is the edge's to say.
bool is_of_connection(std::string_view name) {
    constexpr std::string_view names[] = {"content-length", "transfer-encoding", "connection",
                                          "keep-alive",     "upgrade",           "trailer"};
    return std::ranges::any_of(names, [name](std::string_view each) { return is_same_name(name, each); });
}

bool is_header_name(std::string_view name) {
    return !name.empty() && !is_of_connection(name) &&
           std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

bool is_header_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

int status_told(std::string_view text) {
    const auto status = whole_number<int>(text);
    if (!status || *status < 200 || *status > 599) {
        throw Refusal(500, "PGRST112", "response.status is not a status code");
    }
    return *status;
}

// `Content-Range: 0-2/*`, with the number of all rows where the caller wants it.
std::string range_of(const RpcCall& call, std::size_t count) {
    return (count == 0 ? "*" : "0-" + std::to_string(count - 1)) + "/" + (call.counts ? std::to_string(count) : "*");
}

// The element of a list of one.
std::string only_element(std::string_view list) {
    const auto elements = json_elements(list);
    return elements && elements->size() == 1 ? std::string(trimmed(elements->front())) : "null";
}

// Content-Type and the like replace what the answer has already.
void set_header(Response& response, const Header& header) {
    const auto same = std::ranges::find_if(response.headers,
                                           [&](const Header& known) { return is_same_name(known.name, header.name); });
    if (same != response.headers.end()) {
        same->value = header.value;
    } else {
        response.headers.push_back(header);
    }
}

} // namespace

std::vector<Header> response_headers(std::string_view json) {
    std::vector<Header> headers;
    const auto objects = json_elements(json);
    if (!objects) {
        refuse_headers();
    }
    for (const std::string_view object : *objects) {
        const auto members = json_members(object);
        if (!members) {
            refuse_headers();
        }
        for (const JsonMember& member : *members) {
            auto value = json_text(member.value);
            if (!value || !is_header_name(member.name) || !is_header_value(*value)) {
                refuse_headers();
            }
            headers.push_back({std::string(member.name), std::move(*value)});
        }
    }
    return headers;
}

Response answer_of(const RpcCall& call, const Rows& rows) {
    if (rows.count() != 1) {
        throw Refusal(500, "XX000", "the call has no row");
    }
    const std::size_t count = whole_number<std::size_t>(rows.text(0, AnswerColumn::rows)).value_or(0);
    Response response = json_response(200, "");
    if (call.function->returns == Function::Returns::nothing) {
        response = {204, {}, {}};
    } else {
        response.body = rows.is_null(0, AnswerColumn::body) ? "null" : rows.text(0, AnswerColumn::body);
        response.add("Content-Range", range_of(call, count));
    }
    if (call.wants_one && call.function->is_set) {
        response.body = only_element(response.body);
    }
    if (call.wants_one) {
        set_header(response, {"Content-Type", "application/vnd.pgrst.object+json; charset=utf-8"});
    }
    if (const auto status = rows.text(0, AnswerColumn::status); !status.empty()) {
        response.status = status_told(status);
    }
    if (const auto headers = rows.text(0, AnswerColumn::headers); !headers.empty()) {
        for (const Header& header : response_headers(headers)) {
            set_header(response, header);
        }
    }
    return response;
}

} // namespace helix::edge
