// Takes cache keys apart, and makes the names of helix's own keys.
#include "core/cache/cache_key.hpp"

#include "core/glob.hpp"
#include "core/uuid.hpp"

#include <algorithm>

namespace helix::cache_key {

namespace {

std::string joined(std::string_view a, std::string_view b) {
    std::string text;
    text.reserve(a.size() + b.size());
    return text.append(a).append(b);
}

// Calls f for each segment that is a uuid until it returns false.
template <typename F>
void each_user(std::string_view key, F f) {
    for (std::size_t start = 0; start <= key.size();) {
        const std::size_t end = std::min(key.find(':', start), key.size());
        const auto segment = key.substr(start, end - start);
        if (parse_uuid(segment) && !f(segment)) {
            return;
        }
        start = end + 1;
    }
}

} // namespace

std::string_view user_of(std::string_view key) noexcept {
    std::string_view user;
    each_user(key, [&](std::string_view found) {
        user = found;
        return false;
    });
    return user;
}

std::vector<std::string_view> users_of(std::string_view key) {
    std::vector<std::string_view> users;
    each_user(key, [&](std::string_view found) {
        users.push_back(found);
        return true;
    });
    return users;
}

bool has_capital_uuid(std::string_view key) {
    for (const auto user : users_of(key)) {
        if (user != format_uuid(*parse_uuid(user))) {
            return true;
        }
    }
    return false;
}

std::string_view scope_of(std::string_view key) noexcept {
    const auto user = user_of(key);
    return user.empty()
               ? key
               : std::string_view(key.data(), static_cast<std::size_t>(user.data() - key.data()) + user.size());
}

std::string_view scope_of_prefix(std::string_view prefix) noexcept {
    const auto user = user_of(prefix);
    const auto scope = scope_of(prefix);
    // "trends:<uuid>" alone would also begin "trends:<uuid>x"
    return user.empty() || scope.size() == prefix.size() ? std::string_view{} : scope;
}

bool is_own(std::string_view key) noexcept {
    return key.starts_with(own_prefix);
}

std::string tag_of(std::string_view key) {
    return joined(tag_prefix, key);
}

std::string scope_token(std::string_view scope) {
    return joined(token_prefix, scope);
}

std::string user_token(std::string_view user) {
    const auto uuid = parse_uuid(user); // in lower case, however the key has it
    return joined("helix:token:user:", uuid ? format_uuid(*uuid) : "-");
}

std::array<SumPattern, 4> sum_patterns(std::string_view user, std::string_view operation) {
    const auto pattern = [user](std::string_view family, std::string_view rest) {
        SumPattern made{joined(family, user), family.size() + user.size()};
        made.text.append(rest);
        return made;
    };
    return {pattern("cost_trends:", ":*"), pattern("op_metrics:", ":" + glob_escaped(operation) + ":*"),
            pattern("all_op_metrics:", ":*"), pattern("dashboard:", ":*")};
}

} // namespace helix::cache_key
