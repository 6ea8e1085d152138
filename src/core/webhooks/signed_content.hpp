// Owns: what a signature is made over, by the template of a scheme. Anyone may use it.
#pragma once

#include "core/webhooks/scheme.hpp"

namespace helix {

// What a template may hold in braces: {body} as it came, {form}, its fields sorted, {url}, {timestamp} and {id}.
enum class Mark { body, form, url, timestamp, id };

// Whether the template has the mark.
bool signs(std::string_view signed_content, Mark mark);

// What follows the mark, which the template has.
std::string_view text_after(std::string_view signed_content, Mark mark);

// Throws Error 22023 unless `signed_content` has one of {body} and {form} once, the others once at most, and nothing
// else in braces. Both may be missing where {timestamp} and {id} are there, which then are worth one call. An {id} must
// come before the body, with text behind it, or be the end. Else what is signed could be read as another id and body.
void check_signed_content(std::string_view signed_content);

// A template filled in for a message. It lives no longer than both.
class SignedContent {
  public:
    SignedContent(std::string_view signed_content, const WebhookMessage& message);
    SignedContent(const SignedContent&) = delete;
    SignedContent& operator=(const SignedContent&) = delete;

    std::span<const std::string_view> parts() const { return {texts_.data(), count_}; }
    bool is_readable() const { return is_readable_; } // else the body is no form, and nothing signs it

  private:
    static constexpr std::size_t most = 12; // five marks and the texts around them, with room
    void add(std::string_view part);
    std::string_view value_of(Mark mark, const WebhookMessage& message);

    std::array<std::string_view, most> texts_;
    std::size_t count_ = 0;
    std::string form_;
    bool is_readable_ = true;
};

} // namespace helix
