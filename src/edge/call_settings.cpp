// The settings of a call, local to its transaction.
#include "edge/call_settings.hpp"

#include "core/json.hpp"
#include "edge/utf8.hpp"

#include <algorithm>
#include <array>

namespace helix::edge {

namespace {

constexpr std::string_view set_for_writing = R"sql(
    SELECT pg_catalog.set_config('role', $1, true), pg_catalog.set_config('request.jwt.claims', $2, true),
           pg_catalog.set_config('request.method', $3, true), pg_catalog.set_config('request.path', $4, true),
           pg_catalog.set_config('request.headers', $5, true), pg_catalog.set_config('request.cookies', '{}', true))sql";
constexpr std::string_view set_for_reading = R"sql(
    SELECT pg_catalog.set_config('role', $1, true), pg_catalog.set_config('request.jwt.claims', $2, true),
           pg_catalog.set_config('request.method', $3, true), pg_catalog.set_config('request.path', $4, true),
           pg_catalog.set_config('request.headers', $5, true), pg_catalog.set_config('request.cookies', '{}', true),
           pg_catalog.set_config('transaction_read_only', 'on', true))sql";

constexpr std::array<std::string_view, 4> secret_headers = {"authorization", "apikey", "cookie", "proxy-authorization"};

bool is_left_out(const Header& header, const std::vector<Header>& instead) {
    return std::ranges::find(secret_headers, header.name) != secret_headers.end() ||
           std::ranges::find(instead, header.name, &Header::name) != instead.end();
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
    json += json.size() == 1 ? "" : ",";
    append_json_quoted(json, name);
    json += ':';
    append_json_quoted(json, as_utf8(value));
}

} // namespace

std::string headers_as_json(const Request& request, const std::vector<Header>& instead) {
    std::vector<Header> headers;
    for (const Header& header : request.headers) {
        const auto same = std::ranges::find(headers, header.name, &Header::name);
        if (is_left_out(header, instead)) {
            continue;
        }
        if (same != headers.end()) {
            same->value.append(", ").append(header.value);
        } else {
            headers.push_back(header);
        }
    }
    std::string json = "{";
    for (const auto* part : {&std::as_const(headers), &instead}) {
        for (const Header& header : *part) {
            append_member(json, header.name, header.value);
        }
    }
    return json + "}";
}

Statement call_settings(const Caller& caller, CallSettings settings) {
    return {settings.read_only ? set_for_reading : set_for_writing,
            {Parameter::text(caller.role), Parameter::text(caller.claims),
             Parameter::text(std::string(settings.method)), Parameter::text(std::move(settings.path)),
             Parameter::text(std::move(settings.headers))}};
}

} // namespace helix::edge
