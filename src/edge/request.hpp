// Owns: a request and its answer as plain data, without sockets and without Boost. Every part of the edge may use it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace helix::edge {

struct Header {
    std::string name; // a request's in lower case
    std::string value;
};

struct Request {
    std::string method;
    std::string path;  // as it was sent, without the query
    std::string query; // as it was sent, without "?"
    std::vector<Header> headers;
    std::string body;
    std::string id;      // of this request, in the log and in the answer
    std::string address; // the client's, "" on a Unix socket
    bool keep_alive = false;

    // The value of a header by its name in lower case; empty where it is missing.
    std::string_view header(std::string_view name) const {
        for (const Header& header : headers) {
            if (header.name == name) {
                return header.value;
            }
        }
        return {};
    }
};

struct Response {
    int status = 200;
    std::string body;
    std::vector<Header> headers;

    void add(std::string name, std::string value) { headers.push_back({std::move(name), std::move(value)}); }
};

inline Response json_response(int status, std::string body) {
    return {status, std::move(body), {{"Content-Type", "application/json; charset=utf-8"}}};
}

inline Response text_response(int status, std::string body) {
    return {status, std::move(body), {{"Content-Type", "text/plain; charset=utf-8"}}};
}

} // namespace helix::edge
