// Owns: which pages of other origins may call (CORS). service.cpp uses it.
#pragma once

#include "edge/request.hpp"

namespace helix::edge {

class Cors {
  public:
    // `allowed`: origins as browsers send them, or "*".
    explicit Cors(const std::vector<std::string>& allowed) : allowed_(allowed) {}

    // The answer to a preflight: 204, or 403 for an origin that may not call.
    Response preflight(const Request& request, std::string_view methods) const;

    // What lets the page of an origin read an answer.
    void add_headers(const Request& request, Response& response) const;

  private:
    bool allows(std::string_view origin) const;

    const std::vector<std::string>& allowed_;
};

} // namespace helix::edge
