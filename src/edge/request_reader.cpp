// Requests by the parser of Boost.Beast.
#include "edge/request_reader.hpp"

#include "core/characters.hpp"
#include "core/text_parts.hpp"
#include "edge/refusal.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace helix::edge {

namespace {

namespace http = boost::beast::http;

[[noreturn]] void refuse(const boost::system::error_code& error) {
    if (error == http::error::header_limit) {
        throw Refusal(431, "431", "the header is too large", "At most 16384 bytes are taken.");
    }
    if (error == http::error::body_limit) {
        throw Refusal(413, "413", "the body is too large");
    }
    if (error == http::error::bad_version) {
        throw Refusal(505, "505", "this version of HTTP is not spoken", {}, "Use HTTP/1.1.");
    }
    throw Refusal(400, "400", "the request is malformed", error.message() + ".");
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        c = to_lower(c);
    }
    return result;
}

} // namespace

struct RequestReader::Parser {
    http::request_parser<http::string_body> beast;

    Parser() {
        beast.header_limit(header_limit);
        beast.body_limit(boost::none); // known once the route is
    }
};

RequestReader::RequestReader() : parser_(std::make_unique<Parser>()) {}
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::feed(std::string_view bytes) {
    pending_.append(bytes);
    return parse();
}

// Beast 1.81 aborts where the last chunk reaches it in pieces of less than its five bytes, "0\r\n\r\n". Nothing shorter
// ends a body, so nothing is held back for long.
bool RequestReader::may_parse() const {
    constexpr std::size_t last_chunk = 5;
    switch (state_) {
    case State::header:
        return !pending_.empty();
    case State::body:
        return body_allowed_ && pending_.size() >= (parser_->beast.chunked() ? last_chunk : 1);
    default:
        return false;
    }
}

RequestReader::State RequestReader::parse() {
    auto& beast = parser_->beast;
    while (may_parse()) {
        boost::system::error_code error;
        const std::size_t used = beast.put(boost::asio::buffer(pending_), error);
        begun_ = begun_ || used > 0;
        pending_.erase(0, used);
        if (error && error != http::error::need_more) {
            refuse(error);
        }
        if (state_ == State::header && beast.is_header_done()) {
            take_header();
        } else if (used == 0 || error == http::error::need_more) {
            break;
        }
        if (state_ == State::body && beast.is_done()) {
            take_body();
        }
    }
    // Beast waits for the end of a chunk's line, and of the trailer, however long they become.
    if (state_ == State::body && body_allowed_ && pending_.size() > header_limit) {
        throw Refusal(431, "431", "the header of a chunk is too large", "At most 16384 bytes are taken.");
    }
    return state_;
}

void RequestReader::take_header() {
    const auto& message = parser_->beast.get();
    request_.method = message.method_string();
    std::string_view target(message.target().data(), message.target().size());
    request_.path = take_part(target, "?");
    request_.query = target;
    constexpr std::size_t usual_headers = 8;
    request_.headers.reserve(usual_headers);
    for (const auto& field : message) {
        request_.headers.push_back(
            {lower({field.name_string().data(), field.name_string().size()}), std::string(field.value())});
    }
    check_encoding();
    request_.keep_alive = parser_->beast.keep_alive();
    parser_->beast.eager(true);
    state_ = parser_->beast.is_done() ? State::done : State::body;
}

// Beast looks at the last encoding alone. A proxy that looks at the others would see another end of the body.
void RequestReader::check_encoding() const {
    std::size_t count = 0;
    bool known = true;
    for (const Header& header : request_.headers) {
        if (header.name == "transfer-encoding") {
            ++count;
            known = lower(trimmed(header.value)) == "chunked" && parser_->beast.get().version() >= 11;
        }
    }
    if (count > 1 || !known) {
        throw Refusal(501, "501", "this transfer encoding is not spoken", {}, "Send Content-Length, or chunked.");
    }
}

void RequestReader::take_body() {
    request_.body = std::move(parser_->beast.get().body());
    state_ = State::done;
}

RequestReader::State RequestReader::allow_body(std::size_t limit) {
    auto& beast = parser_->beast;
    beast.body_limit(limit);
    const auto announced = beast.content_length();
    if (announced && *announced > limit) {
        throw Refusal(413, "413", "the body is too large",
                      "The body has " + std::to_string(*announced) + " bytes, the limit is " + std::to_string(limit) +
                          ".");
    }
    body_allowed_ = true;
    return parse();
}

bool RequestReader::expects_continue() const {
    return state_ == State::body && pending_.empty() && lower(request_.header("expect")) == "100-continue";
}

std::size_t RequestReader::announced_body(std::size_t limit) const {
    if (state_ != State::body) {
        return 0;
    }
    const auto announced = parser_->beast.content_length();
    return announced ? std::min<std::size_t>(*announced, limit) : limit;
}

void RequestReader::next() {
    parser_ = std::make_unique<Parser>();
    request_ = {};
    state_ = State::header;
    begun_ = body_allowed_ = false;
}

} // namespace helix::edge
