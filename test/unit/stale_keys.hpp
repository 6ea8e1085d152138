// Random things that make cache keys stale, and what they mean one by one: the reference for Invalidations and
// KeyRemoval.
#pragma once

#include "core/cache/cache_key.hpp"
#include "core/cache/invalidations.hpp"
#include "core/glob.hpp"
#include "random_text.hpp"

#include <algorithm>
#include <ostream>
#include <tuple>

namespace helix {

struct Stale {
    char kind; // k: key, p: pattern, s: sums, u: user, e: everything
    std::string text;
    std::string user;

    bool operator<(const Stale& other) const {
        return std::tie(kind, text, user) < std::tie(other.kind, other.text, other.user);
    }
    bool operator==(const Stale&) const = default;

    void add_to(Invalidations& set) const {
        switch (kind) {
        case 'k':
            return set.add_key(text);
        case 'p':
            return set.add_pattern(text);
        case 's':
            return set.add_sums(*parse_uuid(user), text);
        case 'u':
            return set.add_user(*parse_uuid(user));
        default:
            return set.add_everything();
        }
    }

    // Whether this makes a value under `key` stale: by what it names.
    bool covers(std::string_view key) const {
        const auto patterns = cache_key::sum_patterns(user, text);
        switch (kind) {
        case 'k':
            return key == text;
        case 'p':
            return glob_matches(text, key);
        case 's':
            return std::any_of(patterns.begin(), patterns.end(), [&](auto& p) { return glob_matches(p.text, key); });
        case 'u':
            return has_user(key);
        default:
            return true;
        }
    }

  private:
    bool has_user(std::string_view key) const {
        const auto users = cache_key::users_of(key);
        return std::any_of(users.begin(), users.end(), [&](auto each) { return parse_uuid(each) == parse_uuid(user); });
    }
};

inline std::ostream& operator<<(std::ostream& out, const Stale& stale) {
    return out << stale.kind << " \"" << stale.text << "\" " << stale.user;
}

inline bool any_covers(const std::vector<Stale>& added, std::string_view key) {
    return std::any_of(added.begin(), added.end(), [&](const auto& stale) { return stale.covers(key); });
}

// Reads a set back.
class StaleList final : public InvalidationVisitor {
  public:
    explicit StaleList(std::span<const char> bytes) { Invalidations::visit(bytes, *this); }
    void key(std::string_view key) override { found.push_back({'k', std::string(key), {}}); }
    void pattern(std::string_view pattern) override { found.push_back({'p', std::string(pattern), {}}); }
    void sums(std::string_view user, std::string_view operation) override {
        found.push_back({'s', std::string(operation), std::string(user)});
    }
    void user(std::string_view user) override { found.push_back({'u', {}, std::string(user)}); }
    void everything() override { found.push_back({'e', {}, {}}); }
    std::vector<Stale> found;
};

// Draws keys of a few families, users and operations, and what makes such keys stale.
class StaleSource {
  public:
    explicit StaleSource(unsigned seed) : random_(seed) {}

    // Families that helix and its clients use; a key may have no user, or two.
    std::string key() {
        switch (below(8)) {
        case 0:
            return "theme_prefs:" + word();
        case 1:
            return "team:" + user() + ":" + user();
        case 2:
            return "all_op_metrics:" + user() + ":2026-01";
        case 3:
            return "op_metrics:" + user() + ":" + word() + ":2026-01";
        case 4:
            return "op_pref:" + word() + ":" + user() + ":" + word();
        default:
            return "cost_trends:" + user() + ":" + word();
        }
    }

    std::string pattern() {
        std::string text = key();
        switch (below(6)) {
        case 0:
            return text.substr(0, text.find(':') + 1) + "*";
        case 1:
            return text.substr(0, text.rfind(':') + 1) + "*";
        case 2:
            return "*" + text.substr(text.find(':'));
        case 3:
            return "team:*:" + user();
        case 4:
            return text.substr(0, text.size() - 1) + "?";
        default:
            return text;
        }
    }

    Stale stale() {
        switch (below(16)) {
        case 0:
            return {'u', {}, user()};
        case 1:
        case 2:
        case 3:
            return {'p', pattern(), {}};
        case 4:
            return {below(20) == 0 ? 'e' : 'u', {}, user()};
        case 5:
        case 6:
        case 7:
        case 8:
            return {'k', key(), {}};
        default:
            return {'s', word(), user()};
        }
    }

    std::size_t below(std::size_t limit) { return random_below(random_, limit); }
    std::string user() { return "8f14e45f-ceea-467f-a9ab-00000000000" + std::string(1, "abcd"[below(4)]); }

  private:
    std::string word() { return any_of(random_, words_); }
    std::mt19937_64 random_;
    std::vector<std::string> words_{"x", "y", "30", "a*b", "a\\b"};
};

} // namespace helix
