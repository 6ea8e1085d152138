// Heads of HTTP/1.1.
#include "edge/response_head.hpp"

#include <ctime>
#include <ostream> // which Boost 1.81 forgets

#include <boost/beast/http/status.hpp>

namespace helix::edge {

namespace {

// Made once a second.
const std::string& date() {
    static std::time_t made = 0;
    static std::string text;
    const std::time_t now = std::time(nullptr);
    if (now != made) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        char line[40];
        text.assign(line, std::strftime(line, sizeof line, "%a, %d %b %Y %H:%M:%S GMT", &parts));
        made = now;
    }
    return text;
}

} // namespace

bool has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string response_head(const Response& response, std::string_view request_id, bool last) {
    namespace http = boost::beast::http;
    const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
    std::string head;
    head.reserve(512);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason.data(), reason.size());
    head.append("\r\nDate: ").append(date());
    for (const Header& header : response.headers) {
        head.append("\r\n").append(header.name).append(": ").append(header.value);
    }
    if (has_body(response.status)) {
        head.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
    }
    head.append("\r\nX-Request-Id: ").append(request_id);
    head.append(last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
    return head;
}

} // namespace helix::edge
