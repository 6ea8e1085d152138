// The table of routes.
#include "edge/route.hpp"

#include "core/characters.hpp"
#include "core/text_parts.hpp"

#include <algorithm>

namespace helix::edge {

namespace {

constexpr std::string_view rpc_prefix = "/rest/v1/rpc/";
constexpr std::size_t longest_name = 63;

bool is_function_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name &&
           std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

} // namespace

Route route_of(std::string_view path, bool has_pages) {
    if (path == "/functions/v1/webhook-trigger") {
        return {Route::Kind::webhook, {}};
    }
    if (path.starts_with(rpc_prefix) && is_function_name(path.substr(rpc_prefix.size()))) {
        return {Route::Kind::rpc, path.substr(rpc_prefix.size())};
    }
    if (path == "/healthz") {
        return {Route::Kind::alive, {}};
    }
    if (path == "/readyz") {
        return {Route::Kind::ready, {}};
    }
    return {has_pages ? Route::Kind::page : Route::Kind::unknown, {}};
}

std::string Route::name() const {
    switch (kind) {
    case Kind::webhook:
        return "webhook";
    case Kind::rpc:
        return "rpc/" + std::string(function);
    case Kind::page:
        return "page";
    case Kind::alive:
        return "healthz";
    case Kind::ready:
        return "readyz";
    case Kind::unknown:
        break;
    }
    return "unknown";
}

std::size_t Route::body_limit(const Options& options) const {
    switch (kind) {
    case Kind::webhook:
        return options.webhook_body_limit;
    case Kind::rpc:
        return options.rpc_body_limit;
    default:
        return 0;
    }
}

std::string_view Route::methods() const {
    switch (kind) {
    case Kind::webhook:
        return "POST, GET";
    case Kind::rpc:
        return "POST, GET, HEAD, OPTIONS";
    default:
        return "GET, HEAD";
    }
}

bool Route::takes(std::string_view method) const {
    for (std::string_view listed = methods(); !listed.empty();) {
        if (take_part(listed, ", ") == method) {
            return true;
        }
    }
    return false;
}

} // namespace helix::edge
