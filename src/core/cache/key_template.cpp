// Reads templates of cache keys, and fills them with the values of a row.
#include "core/cache/key_template.hpp"

#include "core/error.hpp"
#include "core/glob.hpp"

namespace helix {

namespace {

[[noreturn]] void refuse(std::string_view text, const char* why) {
    throw Error(sqlstate::invalid_parameter_value, "invalid template of a cache key",
                "\"" + std::string(text) + "\": " + why + ".",
                "Write for example op_pref:{user_id}:{operation_id} or cost_trends:{user_id}:*.");
}

// Whether a part of a pattern means the same whatever follows it.
bool stands_alone(std::string_view part) {
    bool in_set = false;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] == '\\') {
            if (++i == part.size()) {
                return false;
            }
        } else {
            in_set = part[i] == '[' || (in_set && part[i] != ']');
        }
    }
    return !in_set;
}

} // namespace

KeyTemplate::KeyTemplate(std::string_view text) {
    std::string_view rest = text;
    for (;;) {
        const auto open = rest.find('{');
        texts_.emplace_back(rest.substr(0, open));
        if (texts_.back().find('}') != std::string::npos) {
            refuse(text, "a brace is not opened");
        }
        if (open == std::string_view::npos) {
            break;
        }
        const auto close = rest.find('}', open);
        if (close == std::string_view::npos) {
            refuse(text, "a brace is not closed");
        }
        columns_.emplace_back(rest.substr(open + 1, close - open - 1));
        if (columns_.back().empty() || columns_.back().find('{') != std::string::npos) {
            refuse(text, "a column's name is missing");
        }
        rest.remove_prefix(close + 1);
    }
    if (glob_prefix(texts_.front()).literal.empty()) {
        refuse(text, "it must begin with a text of its own");
    }
    for (const auto& part : texts_) {
        if (!stands_alone(part)) {
            refuse(text, "a set or a backslash would reach into a column");
        }
        is_pattern_ = is_pattern_ || !glob_prefix(part).rest.empty();
    }
}

std::string KeyTemplate::expanded(const std::vector<std::string_view>& values) const {
    const auto text = [this](std::size_t i) { return is_pattern_ ? texts_[i] : glob_prefix(texts_[i]).literal; };
    std::string key = text(0);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        key += is_pattern_ ? glob_escaped(values[i]) : std::string(values[i]);
        key += text(i + 1);
    }
    return key;
}

std::string KeyTemplate::pattern() const {
    std::string pattern = texts_.front();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        pattern += '*';
        pattern += texts_[i + 1];
    }
    return pattern;
}

} // namespace helix
