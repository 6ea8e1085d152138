// Takes JSON text apart at its outermost commas.
#include "core/json_parts.hpp"

#include "core/text_parts.hpp"

namespace helix {

namespace {

// The place behind the string that begins at `at`; the text's size where the string does not end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        at += text[at] == '\\' ? 1 : 0;
    }
    return at < text.size() ? at + 1 : text.size();
}

// The parts between `open` and `close`: they end at each comma that is neither in a string nor in inner brackets.
std::optional<std::vector<std::string_view>> parts_of(std::string_view json, char open, char close) {
    json = trimmed(json);
    if (json.size() < 2 || json.front() != open || json.back() != close) {
        return std::nullopt;
    }
    const auto inside = json.substr(1, json.size() - 2);
    std::vector<std::string_view> parts;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < inside.size();) {
        const char c = inside[at];
        if (c == '"') {
            at = end_of_string(inside, at);
            continue;
        }
        depth += c == '[' || c == '{' ? 1 : 0;
        depth -= c == ']' || c == '}' ? 1 : 0;
        if (depth < 0) {
            return std::nullopt;
        }
        if (c == ',' && depth == 0) {
            parts.push_back(trimmed(inside.substr(begin, at - begin)));
            begin = at + 1;
        }
        ++at;
    }
    const auto last = trimmed(inside.substr(begin));
    if (depth != 0) {
        return std::nullopt;
    }
    if (!parts.empty() || !last.empty()) {
        parts.push_back(last);
    }
    return parts;
}

std::optional<JsonMember> member_of(std::string_view part) {
    if (part.empty() || part.front() != '"') {
        return std::nullopt;
    }
    const auto end = end_of_string(part, 0);
    const auto rest = trimmed(part.substr(end));
    if (rest.empty() || rest.front() != ':') {
        return std::nullopt;
    }
    return JsonMember{part.substr(1, end - 2), trimmed(rest.substr(1))};
}

} // namespace

std::optional<std::vector<std::string_view>> json_elements(std::string_view json) {
    return parts_of(json, '[', ']');
}

std::optional<std::vector<JsonMember>> json_members(std::string_view json) {
    const auto parts = parts_of(json, '{', '}');
    if (!parts) {
        return std::nullopt;
    }
    std::vector<JsonMember> members;
    for (const auto part : *parts) {
        const auto member = member_of(part);
        if (!member) {
            return std::nullopt;
        }
        members.push_back(*member);
    }
    return members;
}

} // namespace helix
