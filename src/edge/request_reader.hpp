// Owns: making a request out of the bytes of a connection, with the limits of its header and body. It knows no socket,
// so it is fuzzed as it is. session.cpp uses it.
#pragma once

#include "edge/request.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace helix::edge {

class RequestReader {
  public:
    static constexpr std::size_t header_limit = std::size_t{16} << 10;

    enum class State { header, body, done };

    RequestReader();
    ~RequestReader();

    // Takes bytes as they come, "" for what came with the request before. The header is complete once the state is no
    // longer `header`: then the body waits for allow_body(). Throws Refusal: 400, 413, 431, 501.
    State feed(std::string_view bytes);

    // How large the body may be. What was announced larger is refused at once.
    State allow_body(std::size_t limit);

    // The request; what it holds is complete once the state is `done`.
    Request& request() { return request_; }

    // Whether any byte of a request has come.
    bool has_begun() const { return begun_ || !pending_.empty(); }
    bool expects_continue() const;

    // How much memory the body may come to need: what was announced, else the limit.
    std::size_t announced_body(std::size_t limit) const;

    // Makes ready for the next request of the connection.
    void next();

  private:
    struct Parser;

    bool may_parse() const;
    State parse();
    void take_header();
    void check_encoding() const;
    void take_body();

    std::unique_ptr<Parser> parser_;
    std::string pending_; // bytes that are not parsed yet
    Request request_;
    State state_ = State::header;
    bool begun_ = false;
    bool body_allowed_ = false;
};

} // namespace helix::edge
