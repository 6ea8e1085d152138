// Owns: the exceptions that end a request with an answer of its own. Every part of the edge may throw them.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace helix::edge {

// The request is refused; the fields are those of PostgREST's error bodies.
class Refusal : public std::exception {
  public:
    Refusal(int status_, std::string code_, std::string message_, std::string details_ = {}, std::string hint_ = {})
        : status(status_), code(std::move(code_)), message(std::move(message_)), details(std::move(details_)),
          hint(std::move(hint_)) {}

    const char* what() const noexcept override { return message.c_str(); }

    int status;
    std::string code;
    std::string message;
    std::string details;
    std::string hint;
};

// The database cannot be reached now, or the connection was lost in the middle of the call.
class Unavailable : public Refusal {
  public:
    explicit Unavailable(std::string details)
        : Refusal(503, "PGRST001", "the database is not available", std::move(details), "Repeat the request.") {}
};

} // namespace helix::edge
