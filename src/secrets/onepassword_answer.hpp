// Owns: what a source of secrets answers, as it travels from the process that asks to the keeper. Used within secrets/
// only.
#pragma once

#include "core/secrets/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace helix::secrets {

enum class Outcome : std::int32_t {
    found,
    not_found,   // the source says that there is no such secret: what was known of it ends
    unusable,    // this one secret cannot be had; what was known stays for the grace
    unavailable, // the source as a whole cannot be asked now; the same
};

// Plain data: it goes through a pipe as it is.
struct Answer {
    Outcome outcome;
    std::int32_t retry_after_s; // the source's wish; 0: none
    std::uint32_t length;
    char bytes[Secret::longest]; // the secret, or why there is none

    std::string_view view() const { return {bytes, length}; }

    void set(Outcome kind, std::string_view text, std::int32_t retry_s = 0);
};

// How those who ask a source leave when it has no secret for them. `reason` holds nothing of what the source has sent.
class Failure final : public std::exception {
  public:
    Failure(Outcome outcome_, std::string reason_, std::int32_t retry_after_s_ = 0)
        : outcome(outcome_), reason(std::move(reason_)), retry_after_s(retry_after_s_) {}
    const char* what() const noexcept override { return reason.c_str(); }

    Outcome outcome;
    std::string reason;
    std::int32_t retry_after_s;
};

} // namespace helix::secrets
