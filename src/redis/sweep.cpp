// Finds the keys that only patterns, users or "everything" name: among the known keys, and by passes over Redis.
#include "redis/sweep.hpp"

#include "core/cache/cache_key.hpp"

namespace helix::redis {

namespace {

constexpr const char* keys_a_step = "1000";
constexpr int pause_factor = 19;               // the pause between passes is so many times as long as the pass
constexpr std::size_t most_others = 100;       // patterns in a pass that are each matched against every key
constexpr std::size_t most_prefixes = 100'000; // beyond, "everything" costs no more
constexpr std::size_t most_looks = 100'000;    // at known keys, in a round: beyond, exact keys would wait too long

} // namespace

void Sweep::add_pattern(std::string_view pattern) {
    if (!knows_keys()) {
        return sweep_for_pattern(pattern);
    }
    auto [prefix, rest] = glob_prefix(pattern);
    if (!known_->covers(prefix)) {
        sweep_for_pattern(pattern);
    }
    if (rest == "*") {
        lookups_.push_back({Lookup::Kind::prefix, std::move(prefix)});
    } else {
        lookups_.push_back({Lookup::Kind::pattern, std::string(pattern)});
    }
}

// The id may be anywhere in a key, so a pass has to look. Known keys that have it right behind their prefix, where it
// mostly is, go at once.
void Sweep::add_user(std::string_view user) {
    next_.users.add_user(user);
    if (knows_keys()) {
        lookups_.push_back({Lookup::Kind::user, std::string(user)});
    }
}

void Sweep::sweep_for_pattern(std::string_view pattern) {
    next_.matcher.add_pattern(pattern);
    if (!next_.everything && next_.matcher.prefixes() > most_prefixes) {
        next_.everything = true;
        next_.matcher.remove_prefixes_in(owned_);
    }
}

// False where there may be more: the index was lost meanwhile, or has too many keys to look at.
template <typename F>
bool Sweep::take_known(const std::string& prefix, F matches, std::size_t& looks, std::vector<std::string>& found) {
    if (!knows_keys() || looks == 0) {
        return false;
    }
    --looks;
    return known_->index().take(prefix, matches, looks, found);
}

std::vector<std::string> Sweep::look_up() {
    std::vector<std::string> found;
    std::size_t looks = most_looks;
    for (const auto& lookup : std::exchange(lookups_, {})) {
        switch (lookup.kind) {
        case Lookup::Kind::prefix:
            if (!take_known(
                    lookup.name, [](auto) { return true; }, looks, found)) {
                sweep_for_pattern(glob_escaped(lookup.name) + "*");
            }
            break;
        case Lookup::Kind::pattern: {
            const auto matches = [&](auto key) { return glob_matches(lookup.name, key); };
            if (!take_known(glob_prefix(lookup.name).literal, matches, looks, found)) {
                sweep_for_pattern(lookup.name);
            }
            break;
        }
        case Lookup::Kind::user:
            take_known_of_user(lookup.name, looks, found);
        }
    }
    const std::size_t keys = found.size();
    found.reserve(2 * keys);
    for (std::size_t i = 0; i < keys; ++i) {
        found.push_back(cache_key::tag_of(found[i]));
    }
    return found;
}

void Sweep::take_known_of_user(std::string_view user, std::size_t& looks, std::vector<std::string>& found) {
    if (!knows_keys()) {
        return;
    }
    KeyMatcher matcher;
    matcher.add_user(user);
    const auto matches = [&](auto key) { return matcher.matches(key) && owned_.matches(key); };
    for (const auto& prefix : known_->prefixes()) {
        known_->index().take(prefix + std::string(user), matches, looks, found);
    }
}

void Sweep::forget(std::string_view key) {
    if (known_ != nullptr) {
        known_->remove(key);
    }
}

void Sweep::clear() {
    lookups_.clear();
    current_ = {};
    next_ = {};
    cursor_.clear();
    not_before_ = {};
}

std::optional<Deadline> Sweep::due() const {
    if (!cursor_.empty()) {
        return Deadline{};
    }
    const bool wanted = !next_.empty() || (known_ != nullptr && known_->wants_pass());
    return wanted ? std::optional(not_before_) : std::nullopt;
}

void Sweep::append_step(Connection& connection) {
    if (cursor_.empty()) {
        current_ = std::exchange(next_, {});
        next_.matcher = current_.matcher.split_off(most_others);
        if (known_ != nullptr) {
            known_->pass_begins();
        }
        cursor_.assign(1, '0'); // not = "0": g++ 12 warns of a copy that cannot be
        started_ = std::chrono::steady_clock::now();
    }
    connection.append({"SCAN", cursor_, "COUNT", keys_a_step});
}

void Sweep::match(const std::string& key, std::vector<std::string>& found) const {
    if (key.starts_with(cache_key::tag_prefix)) {
        const auto plain = std::string_view(key).substr(cache_key::tag_prefix.size());
        if (current_.everything || current_.matcher.matches(plain) || current_.users.matches(plain)) {
            found.push_back(key);
            found.emplace_back(plain); // a key that helix has filled is its own, whatever helix.cache_keys says
        }
    } else if (cache_key::is_own(key)) {
        if (current_.everything && key.starts_with(cache_key::token_prefix)) {
            found.push_back(key);
        }
    } else if (current_.matcher.matches(key) ||
               ((current_.everything || current_.users.matches(key)) && owned_.matches(key))) {
        found.push_back(key);
        found.push_back(cache_key::tag_of(key));
    }
}

std::vector<std::string> Sweep::take(const Reply& reply) {
    const auto step = scan_step(reply);
    if (!step) {
        throw Failure("Redis answered SCAN with something else than a cursor and keys");
    }
    std::vector<std::string> found;
    for (const auto& key : step->keys) {
        if (known_ != nullptr) {
            known_->learn(key.text);
        }
        match(key.text, found);
    }
    for (const auto& key : found) {
        forget(key);
    }
    cursor_ = step->cursor;
    if (cursor_ == "0") {
        end_pass();
    }
    return found;
}

void Sweep::end_pass() {
    cursor_.clear();
    if (known_ != nullptr) {
        known_->pass_ends();
    }
    const auto now = std::chrono::steady_clock::now();
    not_before_ = now + pause_factor * (now - started_);
}

} // namespace helix::redis
