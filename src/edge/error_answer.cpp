// The table of PostgREST's documentation: statuses by SQLSTATE.
#include "edge/error_answer.hpp"

#include "core/json.hpp"
#include "core/numbers.hpp"
#include "edge/utf8.hpp"

#include <array>

namespace helix::edge {

namespace {

struct StatusOfClass {
    std::string_view prefix; // of the SQLSTATE; the first that fits decides
    int status;
};

constexpr std::array status_of_class{
    StatusOfClass{"08", 503},    StatusOfClass{"09", 500},    StatusOfClass{"0L", 403},    StatusOfClass{"0P", 403},
    StatusOfClass{"23503", 409}, StatusOfClass{"23505", 409}, StatusOfClass{"25006", 405}, StatusOfClass{"21000", 500},
    StatusOfClass{"25", 500},    StatusOfClass{"28", 403},    StatusOfClass{"2D", 500},    StatusOfClass{"38", 500},
    StatusOfClass{"39", 500},    StatusOfClass{"3B", 500},    StatusOfClass{"40", 500},    StatusOfClass{"53400", 500},
    StatusOfClass{"53", 503},    StatusOfClass{"54", 500},    StatusOfClass{"55", 500},    StatusOfClass{"57", 500},
    StatusOfClass{"58", 500},    StatusOfClass{"F0", 500},    StatusOfClass{"HV", 500},    StatusOfClass{"P0001", 400},
    StatusOfClass{"P0", 500},    StatusOfClass{"XX", 500},    StatusOfClass{"42883", 404}, StatusOfClass{"42P01", 404},
    StatusOfClass{"42P17", 500},
};

void append_member(std::string& json, std::string_view name, std::string_view value) {
    json += json.empty() ? '{' : ',';
    append_json_quoted(json, name);
    json += ':';
    if (value.empty()) {
        json += "null";
    } else {
        append_json_quoted(json, as_utf8(value)); // it may repeat what was sent
    }
}

std::string body_of(std::string_view code, std::string_view message, std::string_view details, std::string_view hint) {
    std::string json;
    append_member(json, "code", code);
    append_member(json, "details", details);
    append_member(json, "hint", hint);
    append_member(json, "message", message);
    return json + "}";
}

void add_headers(Response& response) {
    if (response.status == 401) {
        response.add("WWW-Authenticate", "Bearer");
    }
    if (response.status == 503 || response.status == 429) {
        response.add("Retry-After", "1");
    }
}

} // namespace

int status_of(const ServerError& error, bool signed_in) {
    const std::string& code = error.sqlstate;
    if (code == "42501") {
        return signed_in ? 403 : 401;
    }
    if (code.starts_with("PT")) {
        const auto status = whole_number<int>(std::string_view(code).substr(2));
        return status && *status >= 200 ? *status : 500;
    }
    for (const StatusOfClass& entry : status_of_class) {
        if (code.starts_with(entry.prefix)) {
            return entry.status;
        }
    }
    return 400;
}

Response answer_of(const ServerError& error, bool signed_in) {
    Response response =
        json_response(status_of(error, signed_in), body_of(error.sqlstate, error.message, error.details, error.hint));
    add_headers(response);
    return response;
}

Response answer_of(const Refusal& refusal) {
    Response response =
        json_response(refusal.status, body_of(refusal.code, refusal.message, refusal.details, refusal.hint));
    add_headers(response);
    return response;
}

} // namespace helix::edge
