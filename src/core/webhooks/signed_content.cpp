// Checks the templates of what is signed, and fills them.
#include "core/webhooks/signed_content.hpp"

#include "core/error.hpp"
#include "core/webhooks/form_fields.hpp"

#include <algorithm>

namespace helix {

namespace {

struct Written {
    Mark mark;
    std::string_view text;
};
constexpr std::array<Written, 5> marks = {{{Mark::body, "{body}"},
                                           {Mark::form, "{form}"},
                                           {Mark::url, "{url}"},
                                           {Mark::timestamp, "{timestamp}"},
                                           {Mark::id, "{id}"}}};

std::string_view written(Mark mark) {
    return marks[static_cast<std::size_t>(mark)].text;
}

// The mark that `text` begins with; the end of `marks` where it is none.
auto mark_at(std::string_view text) {
    return std::find_if(marks.begin(), marks.end(), [&](const Written& one) { return text.starts_with(one.text); });
}

void refuse(std::string_view signed_content, const char* message, const char* hint) {
    throw Error(sqlstate::invalid_parameter_value, message, "It is \"" + std::string(signed_content) + "\".", hint);
}

// Whether another id and body could give the same text.
bool is_open_at_id(std::string_view signed_content) {
    const auto id = signed_content.find(written(Mark::id));
    if (id == std::string_view::npos) {
        return false;
    }
    const auto after = text_after(signed_content, Mark::id);
    const auto before = signed_content.substr(0, id);
    return signs(before, Mark::body) || signs(before, Mark::form) || after.starts_with('{');
}

} // namespace

bool signs(std::string_view signed_content, Mark mark) {
    return signed_content.find(written(mark)) != std::string_view::npos;
}

std::string_view text_after(std::string_view signed_content, Mark mark) {
    return signed_content.substr(signed_content.find(written(mark)) + written(mark).size());
}

void check_signed_content(std::string_view signed_content) {
    std::array<int, marks.size()> counts{};
    bool others = false;
    for (auto at = signed_content.find('{'); at != std::string_view::npos; at = signed_content.find('{', at + 1)) {
        const auto* const found = mark_at(signed_content.substr(at));
        others = others || found == marks.end();
        if (found != marks.end()) {
            ++counts[static_cast<std::size_t>(found - marks.begin())];
        }
    }
    const auto count = [&](Mark mark) { return counts[static_cast<std::size_t>(mark)]; };
    const int bodies = count(Mark::body) + count(Mark::form);
    const bool is_worth_one_call = count(Mark::timestamp) == 1 && count(Mark::id) == 1;
    if (bodies > 1 || (bodies == 0 && !is_worth_one_call) || others ||
        std::any_of(counts.begin(), counts.end(), [](int n) { return n > 1; })) {
        refuse(signed_content, "not a description of what is signed",
               "Write {body} or {form} once, {timestamp}, {id} and {url} at most once, and plain text around them.");
    }
    if (is_open_at_id(signed_content)) {
        refuse(signed_content, "nothing tells where the id ends",
               "Write {id} before {body}, with text between it and what follows.");
    }
}

SignedContent::SignedContent(std::string_view signed_content, const WebhookMessage& message) {
    while (!signed_content.empty()) {
        const auto brace = std::min(signed_content.find('{'), signed_content.size());
        add(signed_content.substr(0, brace));
        signed_content.remove_prefix(brace);
        const auto* const found = mark_at(signed_content);
        if (found != marks.end()) {
            add(value_of(found->mark, message));
            signed_content.remove_prefix(found->text.size());
        } else if (!signed_content.empty()) { // check_signed_content() lets no such template pass
            add(signed_content.substr(0, 1));
            signed_content.remove_prefix(1);
        }
    }
}

void SignedContent::add(std::string_view part) {
    if (!part.empty() && count_ < most) {
        texts_[count_++] = part;
    }
}

std::string_view SignedContent::value_of(Mark mark, const WebhookMessage& message) {
    switch (mark) {
    case Mark::body:
        return message.body;
    case Mark::form: {
        auto sorted = sorted_form_fields(message.body);
        is_readable_ = sorted.has_value();
        form_ = std::move(sorted).value_or(std::string());
        return form_;
    }
    case Mark::url:
        return message.url;
    case Mark::timestamp:
        return message.timestamp;
    case Mark::id:
        return message.id;
    }
    return {};
}

} // namespace helix
