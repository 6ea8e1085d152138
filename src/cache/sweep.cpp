#include "cache/sweep.hpp"

#include "core/cache_key.hpp"

namespace helix::cache {

namespace {
constexpr const char* keys_a_step = "1000";
constexpr int pause_factor = 19;
constexpr std::size_t most_others = 100;       // in a pass: each is matched against every key
constexpr std::size_t most_prefixes = 100'000; // beyond, everything is as good
} // namespace

void Sweep::add_pattern(std::string_view pattern) {
    next_.matcher.add_pattern(pattern);
    if (!next_.everything && next_.matcher.prefixes() > most_prefixes) {
        next_.everything = true;
        next_.matcher.remove_prefixes_in(owned_);
    }
}

void Sweep::clear() {
    current_ = {};
    next_ = {};
    cursor_.clear();
    not_before_ = {};
}

std::optional<redis::Deadline> Sweep::due() const {
    if (!cursor_.empty()) {
        return redis::Deadline{};
    }
    return next_.empty() ? std::nullopt : std::optional(not_before_);
}

void Sweep::append_step(redis::Connection& connection) {
    if (cursor_.empty()) {
        current_ = std::exchange(next_, {});
        next_.matcher = current_.matcher.split_off(most_others);
        cursor_.assign(1, '0'); // not = "0": g++ 12 warns of a copy that cannot be
        started_ = std::chrono::steady_clock::now();
    }
    connection.append({"SCAN", cursor_, "COUNT", keys_a_step});
}

void Sweep::match(const std::string& key, std::vector<std::string>& found) const {
    if (key.starts_with(cache_key::tag_prefix)) {
        const auto plain = std::string_view(key).substr(cache_key::tag_prefix.size());
        if (current_.everything || current_.matcher.matches(plain) || current_.owned.matches(plain)) {
            found.push_back(key);
            found.emplace_back(plain); // a key that helix has filled is its own, whatever helix.cache_keys says
        }
    } else if (cache_key::is_own(key)) {
        if (current_.everything && key.starts_with(cache_key::token_prefix)) {
            found.push_back(key);
        }
    } else if (current_.matcher.matches(key) ||
               ((current_.everything || current_.owned.matches(key)) && owned_.matches(key))) {
        found.push_back(key);
        found.push_back(cache_key::tag_of(key));
    }
}

std::vector<std::string> Sweep::take(const redis::Reply& reply) {
    using Type = redis::Reply::Type;
    if (reply.items.size() != 2 || !reply.items[0].is_text() || reply.items[0].text.empty() ||
        reply.items[1].type != Type::array) {
        throw redis::Failure("Redis answered SCAN with something else than a cursor and keys");
    }
    std::vector<std::string> found;
    for (const auto& key : reply.items[1].items) {
        match(key.text, found);
    }
    cursor_ = reply.items[0].text;
    if (cursor_ == "0") {
        cursor_.clear();
        const auto now = std::chrono::steady_clock::now();
        not_before_ = now + pause_factor * (now - started_);
    }
    return found;
}

} // namespace helix::cache
