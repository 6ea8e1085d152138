// The Fetch standard's headers. Callers sign by a header, not by a cookie; so no credentials are allowed.
#include "edge/cors.hpp"

#include "core/characters.hpp"

#include <algorithm>

namespace helix::edge {

namespace {

constexpr std::string_view exposed = "Content-Range, Retry-After, X-Request-Id";

bool is_list_of_names(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == ',' || c == ' '; });
}

} // namespace

bool Cors::allows(std::string_view origin) const {
    return !origin.empty() && std::ranges::any_of(allowed_, [&](const std::string& allowed) {
        return allowed == "*" || allowed == origin;
    });
}

void Cors::add_headers(const Request& request, Response& response) const {
    if (allowed_.empty()) {
        return;
    }
    response.add("Vary", "Origin");
    const auto origin = request.header("origin");
    if (allows(origin)) {
        response.add("Access-Control-Allow-Origin", std::string(origin));
        response.add("Access-Control-Expose-Headers", std::string(exposed));
    }
}

Response Cors::preflight(const Request& request, std::string_view methods) const {
    const auto asked = request.header("access-control-request-headers");
    if (!allows(request.header("origin")) || !is_list_of_names(asked)) {
        return text_response(403, "this origin may not call\n");
    }
    Response response{204, {}, {}};
    response.add("Access-Control-Allow-Methods", std::string(methods));
    if (!asked.empty()) {
        response.add("Access-Control-Allow-Headers", std::string(asked));
    }
    response.add("Access-Control-Max-Age", "600");
    return response;
}

} // namespace helix::edge
