// Files with hashed names never change, so browsers keep them. A file's packed form stands beside it as <name>.gz.
#include "edge/pages.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/stat.h>

namespace helix::edge {

namespace {

constexpr std::size_t largest_file = std::size_t{16} << 20;

struct Type {
    std::string_view ending;
    std::string_view name;
};
constexpr std::array types{Type{".html", "text/html; charset=utf-8"},
                           Type{".js", "text/javascript; charset=utf-8"},
                           Type{".css", "text/css; charset=utf-8"},
                           Type{".svg", "image/svg+xml"},
                           Type{".json", "application/json"},
                           Type{".png", "image/png"},
                           Type{".ico", "image/x-icon"},
                           Type{".woff2", "font/woff2"},
                           Type{".txt", "text/plain; charset=utf-8"}};

constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Segments of plain characters that begin with none but a letter or digit: no "..", no hidden file, no escape.
bool is_plain(std::string_view path) {
    char before = 0;
    for (const char c : path) {
        const bool right = is_letter_or_digit(c) || (before != '/' && (c == '-' || c == '_' || c == '.')) ||
                           (c == '/' && before != '/');
        if (!right) {
            return false;
        }
        before = c;
    }
    return path.starts_with('/') && before != '/';
}

std::optional<std::string_view> type_of(std::string_view path) {
    const auto type = std::ranges::find_if(types, [&](const Type& known) { return path.ends_with(known.ending); });
    return type == types.end() ? std::nullopt : std::optional(type->name);
}

std::optional<std::string> content_of(const std::string& path) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode) ||
        static_cast<std::size_t>(about.st_size) > largest_file) {
        return std::nullopt;
    }
    std::string content(static_cast<std::size_t>(about.st_size), '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(content.data(), about.st_size); // at once: nobody else is answered meanwhile
    return file ? std::optional(std::move(content)) : std::nullopt;
}

std::string_view keeping_of(std::string_view path) {
    if (path.starts_with("/assets/")) {
        return "public, max-age=31536000, immutable";
    }
    return path == "/config.json" ? "no-store" : "no-cache";
}

void add_headers(Response& response, std::string_view path) {
    response.add("Cache-Control", std::string(keeping_of(path)));
    response.add("Content-Security-Policy", std::string(policy));
    response.add("X-Content-Type-Options", "nosniff");
    response.add("Referrer-Policy", "no-referrer");
    response.add("Cross-Origin-Opener-Policy", "same-origin");
    response.add("Vary", "Accept-Encoding");
}

} // namespace

// An address without an ending is a page: /x/y is the file x/y.html.
Response Pages::answer(const Request& request) const {
    std::string path = request.path;
    if (!is_plain(path)) {
        return text_response(404, "not found\n");
    }
    if (!type_of(path)) {
        path += ".html";
    }
    const bool takes_packed = request.header("accept-encoding").find("gzip") != std::string_view::npos;
    auto content = takes_packed ? content_of(folder_ + path + ".gz") : std::nullopt;
    const bool is_packed = content.has_value();
    if (!is_packed) {
        content = content_of(folder_ + path);
    }
    if (!content) {
        return text_response(404, "not found\n");
    }
    Response response{200, std::move(*content), {{"Content-Type", std::string(*type_of(path))}}};
    if (is_packed) {
        response.add("Content-Encoding", "gzip");
    }
    add_headers(response, path);
    return response;
}

} // namespace helix::edge
